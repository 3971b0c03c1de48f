"""Approximate message passing: its noise is what it says, and BM3D in it is ahead of total variation."""

import numpy as np
import pytest
import torch

from minimand import Energy, LeastSquares, Term, solve
from minimand.io import InputError
from minimand.metrics import psnr
from minimand.operators import Diffraction, Fourier, Gradient, Sense
from minimand.operators.sampling import parse_mask
from minimand.operators.sensing import parse_operator
from minimand.reconstruction.classical.amp import AMP, bm3d_amp, ldamp
from minimand.reconstruction.dead_leaves import dead_leaf_picture
from minimand.reconstruction.denoisers import FoE, plane_by_plane
from minimand.reconstruction.methods import get_method
from minimand.reconstruction.sensed_tv import sensed_total_variation
from minimand.terms import L21, SquaredL2, soft_threshold
from minimand.terms.bm3d import bm3d


class Spikes(Term):
    """Soft thresholding at 1.4 deviations, which notes how wide it was told the noise is and how wide it is."""

    def __init__(self, truth):
        super().__init__()
        self.truth, self.told, self.found = truth, [], []

    def prox(self, v, t):
        self.told.append(t)
        error = v - self.truth
        parts = 2 if v.is_complex() else 1
        self.found.append(error.abs().square().flatten(1).mean(1) / parts)
        return soft_threshold(v, 1.4 * t.sqrt().reshape(-1, 1, 1))


@pytest.mark.parametrize("spec", ["hadamard:0.4", "diffraction:0.4"])
def test_the_noise_is_as_wide_as_it_says(spec):
    generator = torch.Generator().manual_seed(0)
    shape = (2, 64, 64)
    truth = (torch.rand(shape, generator=generator) < 0.1) * torch.randn(shape, generator=generator)
    A = parse_operator(spec, shape[1:])
    spikes = Spikes(truth)
    x = solve(AMP(), LeastSquares(A, A(truth)) + spikes, torch.zeros(shape), max_iter=6, tol=0.0).x
    told, found = torch.stack(spikes.told[::2]), torch.stack(spikes.found[::2])
    torch.testing.assert_close(told.sqrt(), found.sqrt(), rtol=0.08, atol=0)
    assert (found[-1] < 0.2 * found[0]).all()
    assert ((x - truth).norm() < 0.3 * truth.norm()).all()


@pytest.mark.parametrize("spec", ["hadamard:0.3", "diffraction:0.2"])
def test_bm3d_in_it_is_ahead_of_total_variation_where_patches_repeat(spec):
    i, j = torch.meshgrid(torch.arange(63.0), torch.arange(64.0), indexing="ij")
    x = (0.5 + 0.4 * torch.sin(0.9 * i + 0.7 * j))[None]
    A = parse_operator(spec, (63, 64))
    data = LeastSquares(A, A(x))
    assert float(psnr(bm3d_amp(data), x, peak=1.0) - psnr(sensed_total_variation(data), x, peak=1.0)) > 2


def test_complex_images_behind_a_plate():
    i, j = torch.meshgrid(torch.arange(48.0), torch.arange(40.0), indexing="ij")
    x = torch.polar(0.6 + 0.3 * torch.sin(0.8 * i + 0.3 * j), 0.05 * (i - j))[None]
    A = parse_operator("diffraction:0.4", (48, 40)).on_complex()
    found = bm3d_amp(LeastSquares(A, A(x)))
    assert found.dtype == x.dtype
    assert (found - x).norm() < 0.2 * x.norm()


def test_any_denoiser_can_stand_in_for_bm3d():
    x = dead_leaf_picture(40, np.random.default_rng(0))[None].double()
    A = parse_operator("hadamard:0.5", (40, 40))
    data = LeastSquares(A, A(x))
    torch.testing.assert_close(ldamp(data, bm3d), bm3d_amp(data))


@pytest.mark.parametrize("spec", ["hadamard:0.6", "diffraction:0.6"])
@pytest.mark.parametrize("phase", [0.0, 1.0])
def test_a_network_denoises_odd_sizes_and_phases(spec, phase):
    net = FoE(3, 8, 3).requires_grad_(False)
    picture = dead_leaf_picture(32, np.random.default_rng(1))[:31, :26].float()
    x = (torch.polar(picture, phase * picture) if phase else picture)[None]
    A = parse_operator(spec, (31, 26))
    A = A.on_complex() if phase and isinstance(A, Diffraction) else A
    found = ldamp(LeastSquares(A, A(x)), plane_by_plane(net))
    assert found.dtype == x.dtype
    assert (found - x).norm() < 0.5 * (A.adjoint(A(x)) - x).norm()


def test_what_it_cannot_handle_is_refused_with_what_can():
    x, mask = torch.rand(1, 16, 16, dtype=torch.complex64), parse_mask("radial:0.5", (16, 16), seed=0)
    kspace, coils = Fourier(mask), Sense(mask, torch.ones(1, 2, 16, 16, dtype=torch.complex64))
    for A, words in [(kspace, "k-space; use bm3d-mri"), (coils, "several coils; use sense-tv")]:
        with pytest.raises(InputError, match=f"bm3d-amp is for compressive measurements, not for {words}"):
            bm3d_amp(LeastSquares(A, A(x)))
        with pytest.raises(InputError, match=f"ldamp is for compressive measurements, not for {words}"):
            ldamp(LeastSquares(A, A(x)), bm3d)
    with pytest.raises(TypeError, match="needs LeastSquares as data, got SquaredL2; use ProximalGradient"):
        AMP().init(Energy(SquaredL2()) + L21(), x)
    with pytest.raises(TypeError, match="needs one prior of the image itself"):
        AMP().init(LeastSquares(kspace, kspace(x)) + L21() @ Gradient(), x)


@pytest.mark.parametrize(("name", "figure"), [("bm3d-amp", 28.42), ("ldamp", 28.71)])
def test_the_figure_of_a_picture_of_dead_leaves(name, figure):
    x = dead_leaf_picture(64, np.random.default_rng(0))[None].float()
    A = parse_operator("hadamard:0.3", (64, 64))
    found = get_method(name).run(LeastSquares(A, A(x)))
    assert float(psnr(found, x, peak=1.0)) == pytest.approx(figure, abs=0.05)
