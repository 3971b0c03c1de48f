"""TVAL3 and NLR-CS: compressive measurements of any kind."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand import Energy
from minimand.io import InputError
from minimand.metrics import psnr
from minimand.operators import Diffraction, Gradient, Sense
from minimand.operators.sampling import parse_mask
from minimand.operators.sensing import parse_operator
from minimand.reconstruction.classical.amp import bm3d_amp
from minimand.reconstruction.classical.nlr_cs import nlr_cs, shrink_rank
from minimand.reconstruction.classical.tval3 import AugmentedLagrangian, tval3
from minimand.reconstruction.dead_leaves import dead_leaf_picture
from minimand.reconstruction.sensed_tv import sensed_total_variation
from minimand.terms import L21, LeastSquares, SquaredL2


def measured_by(spec, x):
    A = parse_operator(spec, tuple(x.shape[-2:]))
    return LeastSquares(A, A(x))


def blocks():
    x = torch.full((1, 24, 27), 0.2)
    x[:, 4:15, 6:20], x[:, 10:21, 12:25] = 0.9, 0.5
    return x


@pytest.mark.parametrize("spec", ["hadamard:0.5", "diffraction:0.5", "blocks:0.5:8"])
def test_tval3_finds_the_least_variation_that_agrees_with_the_measurements(spec):
    x = blocks()
    data = measured_by(spec, x)
    found = tval3(data)
    assert float((data.A(found) - data.y).norm() / data.y.norm()) < 1e-2
    assert float(psnr(found, x, peak=1.0)) > 35


def test_a_gradient_step_lowers_the_lagrangian_and_the_truth_stays():
    data, truth = measured_by("hadamard:0.5", blocks()), torch.full((1, 24, 27), 0.3)
    energy = Energy(LeastSquares(data.A, data.A(truth))) + L21() @ Gradient()
    step = AugmentedLagrangian(32.0, 256.0, inner=3)
    state = step(energy, step.init(energy, truth))
    assert_close(state.x, truth)  # a constant has no variation and agrees
    with pytest.raises(TypeError, match="needs LeastSquares as data, got SquaredL2; use PrimalDual"):
        step.init(Energy(SquaredL2()) + L21() @ Gradient(), truth)


def test_singular_values_shrink_by_the_slope_of_the_logarithm():
    stack = torch.randn(1, 9, 4, dtype=torch.complex128)
    U, s, Vh = torch.linalg.svd(stack, full_matrices=False)
    bases, rms = Vh.mH, s / 3  # of one patch of nine
    kept = (rms - 0.1 / (rms + 1e-3)).clamp_min(0) / rms
    assert_close(shrink_rank(stack, bases, 0.1), U @ torch.diag_embed((s * kept).to(U.dtype)) @ Vh)


@pytest.mark.parametrize("spec", ["hadamard:0.3", "diffraction:0.3"])
def test_nlr_cs_is_ahead_of_total_variation_where_patches_repeat(spec):
    i, j = torch.meshgrid(torch.arange(40.0), torch.arange(43.0), indexing="ij")
    x = (0.5 + 0.4 * torch.sin(0.9 * i + 0.7 * j + 0.02 * i * j))[None]
    data = measured_by(spec, x)
    ahead = psnr(nlr_cs(data), x, peak=1.0) - psnr(sensed_total_variation(data), x, peak=1.0)
    assert float(ahead) > 1


@pytest.mark.parametrize("method", [sensed_total_variation, tval3, nlr_cs, bm3d_amp])
@pytest.mark.parametrize("spec", ["hadamard:0.6", "diffraction:0.6"])
def test_odd_sizes_and_phases_will_do(method, spec):
    x = torch.polar(blocks()[:, :23, :26], torch.linspace(0, 1, 26).expand(1, 23, 26))
    A = parse_operator(spec, (23, 26))
    A = A.on_complex() if isinstance(A, Diffraction) else A
    found = method(LeastSquares(A, A(x)))
    assert found.dtype == x.dtype
    assert (found - x).norm() < 0.2 * x.norm()


def test_several_coils_are_refused_by_nlr_cs():
    x = torch.rand(1, 16, 16, dtype=torch.complex64)
    coils = Sense(parse_mask("radial:0.5", (16, 16), seed=0), torch.ones(1, 2, 16, 16, dtype=torch.complex64))
    with pytest.raises(InputError, match=r"nlr-cs is for one coil or compressive measurements, .* use sense-tv"):
        nlr_cs(LeastSquares(coils, coils(x)))


@pytest.mark.parametrize(("method", "figure"), [(tval3, 28.01), (nlr_cs, 28.55)])
def test_the_figure_of_a_picture_of_dead_leaves(method, figure):
    x = dead_leaf_picture(64, np.random.default_rng(0))[None].float()
    assert float(psnr(method(measured_by("hadamard:0.3", x)), x, peak=1.0)) == pytest.approx(figure, abs=0.03)
