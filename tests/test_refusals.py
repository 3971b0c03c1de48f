"""What operators, terms and steps refuse is said in a line that names what is needed."""

import jaxtyping
import pytest
import torch

from minimand import ADMM, Energy, LeastSquares
from minimand.io import InputError
from minimand.kernels.dark_channel import dark_channel
from minimand.operators import Fourier, Gradient, Identity, Matrix, Mosaic, Sense, WindowKernel
from minimand.operators.orthogonal import random_blocks
from minimand.operators.picks import row_count
from minimand.operators.sampling import cartesian
from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.portable import PortableMRI
from minimand.steps import LISTA, MeanField, PowerIteration
from minimand.systems.dehazing.methods import get_method as dehazing_method
from minimand.systems.dehazing.priors import Learned
from minimand.systems.optimizers.rules import load_rule
from minimand.systems.restoration.noise import estimate_noise
from minimand.systems.shapes.methods import get_method as shapes_method
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


@pytest.mark.parametrize("make", [Fourier, lambda mask: Sense(mask, torch.ones(1, 2, 4, 4) + 0j)])
def test_a_mask_of_numbers_where_shapes_are_not_checked(make):
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(ValueError, match=r"needs a boolean mask, got torch\.float32; use mask != 0"):
            make(torch.ones(4, 4))
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


def test_a_kernel_for_images_of_another_size():
    kernel = WindowKernel(torch.rand(1, 1, 8, 9), radius=1)
    with pytest.raises(ValueError, match=r"made for images of \(8, 9\) pixels, got \(1, 1, 8, 8\)"):
        kernel(torch.ones(1, 1, 8, 8))


def test_a_learned_prior_of_haze_without_its_picture():
    with pytest.raises(TypeError, match="Learned has no prox without a picture to go by; it comes from `given`"):
        Learned(torch.nn.Identity(), None).prox(torch.ones(1, 8, 8), 1.0)


def test_a_network_that_cannot_be_exported():
    with pytest.raises(InputError, match="complex filters or several proximal steps a stage are not exported yet"):
        PortableMRI(ADMMCSNet(1, filters=4, complex_filters=True), real=False)


@pytest.mark.parametrize(
    ("get", "said"), [(dehazing_method, "dehazing; there are .*dark"), (shapes_method, "shapes; there are .*wks")]
)
def test_a_method_that_does_not_exist(get, said):
    with pytest.raises(InputError, match=f"there is no method 'magic' for {said}"):
        get("magic")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("foe", "foe: are weights of foe, not of an optimizer; known: .*hyperadam"),
        ("admm-csnet-chest", "admm-csnet-chest: are weights of admm-csnet, not of admm-csnet-chest"),
    ],
)
def test_weights_that_are_no_rule_of_an_optimizer(name, said):
    with pytest.raises(InputError, match=said):
        load_rule(name)
