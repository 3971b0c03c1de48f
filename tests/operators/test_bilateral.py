"""Bilateral filters against their definition, beside the guided filter."""

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels.guided_filter import guided_filter
from minimand.operators import JointBilateral
from minimand.operators.bilateral import bilateral


def step_edge(noise=0.05):
    x = torch.zeros(1, 24, 24, dtype=torch.float64)
    x[..., 12:] = 1
    return x, x + noise * torch.randn_like(x)


def test_the_bilateral_filter_is_its_formula():
    x = torch.rand(1, 7, 6, dtype=torch.float64)
    y = bilateral(x, 1.5, 0.2, 2)
    near = [(r, c) for r in range(1, 6) for c in range(5)]
    weights = torch.tensor([
        torch.exp(-((r - 3.0) ** 2 + (c - 2.0) ** 2) / (2 * 1.5**2) - (x[0, r, c] - x[0, 3, 2]) ** 2 / (2 * 0.2**2))
        for r, c in near
    ])  # fmt: skip
    values = torch.stack([x[0, r, c] for r, c in near])
    assert_close(y[0, 3, 2], (weights * values).sum() / weights.sum())


def test_edges_stay_where_noise_goes():
    clean, noisy = step_edge()
    for filtered in (bilateral(noisy, 3.0, 0.2, 5), guided_filter(noisy, noisy, 3, 0.01)):
        assert float((filtered - clean).square().mean()) < 0.35 * float((noisy - clean).square().mean())


def test_a_clean_guide_helps():
    clean, noisy = step_edge(0.3)
    joint = JointBilateral(clean[:, None], 3.0, 0.2, 5)(noisy)
    assert float((joint - clean).abs().mean()) < float((bilateral(noisy, 3.0, 0.2, 5) - clean).abs().mean())
    assert float((guided_filter(noisy, clean, 3, 1e-3) - clean).square().mean()) < 0.02


def test_a_constant_is_left_alone():
    guide = torch.rand(1, 9, 8, dtype=torch.float64)
    flat = torch.full_like(guide, 0.7)
    assert_close(JointBilateral(guide[:, None], 1.0, 0.1, 2)(flat), flat)


def test_wrong_numbers_are_refused():
    with pytest.raises(ValueError, match="radius of at least 1"):
        JointBilateral(torch.zeros(1, 1, 4, 4), 1.0, 1.0, 0)
