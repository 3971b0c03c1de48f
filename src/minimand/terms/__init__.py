"""Terms of energies: data terms, priors and learned curves."""

from minimand.term import Composed, Scaled, Term
from minimand.terms.assignment import Assignment, PairAffinity, TripleAffinity
from minimand.terms.bm3d import BM3D
from minimand.terms.cycle_spinning import CycleSpinning
from minimand.terms.denoiser import Denoiser
from minimand.terms.evidence import Evidence
from minimand.terms.field_of_experts import FieldOfExperts
from minimand.terms.gaussian_mixture import GaussianMixture
from minimand.terms.haze import Haze
from minimand.terms.least_squares import LeastSquares
from minimand.terms.nonlocal_experts import NonLocalExperts
from minimand.terms.patch_shrinkage import PatchShrinkage
from minimand.terms.piecewise_linear import PiecewiseLinear
from minimand.terms.random_field import Pairwise, Unary
from minimand.terms.shrinkage_field import ShrinkageField
from minimand.terms.sparse import L1, L21, SquaredL2, soft_threshold
from minimand.terms.spatial_mixture import SpatialMixture
from minimand.terms.stack_shrinkage import StackShrinkage
from minimand.terms.variational_mixture import VariationalMixture

__all__ = [
    "BM3D", "L1", "L21", "Assignment", "Composed", "CycleSpinning", "Denoiser", "Evidence", "FieldOfExperts",
    "GaussianMixture", "Haze", "LeastSquares", "NonLocalExperts", "PairAffinity", "Pairwise", "PatchShrinkage",
    "PiecewiseLinear", "Scaled", "ShrinkageField", "SpatialMixture", "SquaredL2", "StackShrinkage", "Term",
    "TripleAffinity", "Unary", "VariationalMixture", "soft_threshold",
]  # fmt: skip
