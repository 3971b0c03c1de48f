"""Cycle spinning is the mean of what it says."""

import torch
from torch.testing import assert_close

from minimand.operators import Wavelet
from minimand.terms import CycleSpinning, soft_threshold


def test_it_is_the_mean_over_all_shifts_of_shrinkage_in_the_basis():
    v, W, t = torch.randn(2, 8, 12, dtype=torch.complex128), Wavelet("db2", 2), 0.4
    mean = torch.zeros_like(v)
    for i in range(4):
        for j in range(4):
            c = W(v.roll((i, j), (-2, -1)))
            c[:, :2, :3], kept = 0, c[:, :2, :3].clone()
            c = soft_threshold(c, t)
            c[:, :2, :3] = kept
            mean = mean + W.adjoint(c).roll((-i, -j), (-2, -1)) / 16
    turned = CycleSpinning("db2", 2).double().prox(v.flip((-2, -1)), t).flip((-2, -1))  # its filters run backwards
    assert_close(turned, mean, rtol=1e-10, atol=1e-10)


def test_nothing_is_shrunk_without_a_step_and_means_are_kept():
    v, g = torch.randn(1, 7, 9, dtype=torch.float64), CycleSpinning("db4", 3).double()
    assert_close(g.prox(v, 0.0), v)
    assert_close(g.prox(v, 1e6).mean(), v.mean())
