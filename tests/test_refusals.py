"""What operators, terms and steps refuse is said in a line that names what is needed."""

import pytest
import torch

from minimand import ADMM, Energy, LeastSquares
from minimand.kernels.dark_channel import dark_channel
from minimand.operators import Gradient, Identity, Matrix, Mosaic
from minimand.operators.orthogonal import random_blocks
from minimand.operators.picks import row_count
from minimand.operators.sampling import cartesian
from minimand.steps import LISTA, MeanField, PowerIteration
from minimand.systems.restoration.noise import estimate_noise
from minimand.terms import (
    L1,
    L21,
    Assignment,
    FieldOfExperts,
    PairAffinity,
    PiecewiseLinear,
    TripleAffinity,
    Unary,
    VariationalMixture,
)  # fmt: skip

POINTS = torch.rand(1, 4, 2)
CODES = torch.zeros(1, 3)
FITTED = LeastSquares(Matrix(torch.eye(3)), CODES)
MATCHED = Assignment(POINTS, POINTS)
LABELS = Unary(torch.zeros(1, 2, 4, 4), torch.zeros(1, 3, 4, 4))
EXPERTS = FieldOfExperts(2, 3)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Mosaic("rgbx"), "Mosaic knows the patterns .*, got 'rgbx'"),
        (lambda: row_count(100, 0.0), r"a rate in \(0, 1\], got 0"),
        (lambda: cartesian((8, 8), 1.5, seed=0), r"a rate in \(0, 1\], got 1.5"),
        (lambda: random_blocks((8, 8), 0.5, side=0, seed=0), "a side of at least 1 pixel, got 0"),
        (lambda: estimate_noise(torch.zeros(1, 15, 40)), r"16 x 16 pixels or more, got \(15, 40\)"),
        (lambda: dark_channel(torch.empty(1).expand(1, 3, 30_000, 30_000), 15), "got 3x30000x30000"),
        (lambda: FieldOfExperts(points=2), "3 points or more, got weight 0.1, reach 20.0, 2 points"),
        (
            lambda: VariationalMixture(torch.zeros(1, 5, 2), torch.zeros(2), torch.eye(2), nu=0.5),
            "alpha, beta > 0 and nu > 1, got 1.0, 1.0 and 0.5",
        ),
    ],
)
def test_a_number_out_of_its_range(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize(
    ("step", "energy", "said"),
    [
        (ADMM(), LeastSquares(Identity(), torch.zeros(1, 8, 8)) + EXPERTS, "every prior, FieldOfExperts has none"),
        (LISTA(torch.eye(3)), Energy(FITTED), "exactly one prior, got 0"),
        (LISTA(torch.eye(3)), FITTED + L1() + L1(), "exactly one prior, got 2"),
        (LISTA(torch.eye(3)), FITTED + L21() @ Gradient(), "on the codes themselves with a prox, got L21"),
        (MeanField(), LABELS + PiecewiseLinear(), "PiecewiseLinear has none"),
        (MeanField(), Energy(FITTED), r"`minimise_with` \(Unary\), got LeastSquares"),
        (PowerIteration(), Energy(MATCHED), "an affinity as prior, got none"),
        (PowerIteration(), FITTED + L1(), "an Assignment as data, got LeastSquares"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_an_energy_that_a_step_cannot_take(step, energy, said):
    with pytest.raises(TypeError, match=f"{type(step).__name__}.*{said}"):
        step.init(energy, CODES)


@pytest.mark.parametrize("affinity", [PairAffinity(), TripleAffinity()], ids=lambda a: type(a).__name__)
def test_an_affinity_without_points(affinity):
    x = torch.full((1, 4, 4), 0.25)
    with pytest.raises(TypeError, match=r"before it is given points: energy.given\(x\) does it"):
        affinity.grad(x)
    with pytest.raises(TypeError, match=r"a data term with points \(Assignment\), got LeastSquares"):
        affinity.given(FITTED, x)
    assert affinity.given(MATCHED, x).grad(x).shape == x.shape
