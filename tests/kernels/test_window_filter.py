"""The compiled window filter against its reference by shifts."""

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels.window_filter import offsets, window_filter, window_filter_reference
from minimand.operators import DenseKernel, WindowKernel
from minimand.operators.gaussian_kernel import window_weights


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("size", "radius", "items"), [((9, 7), 2, 3), ((5, 6), 7, 1), ((1, 8), 3, 3), ((8, 1), 1, 1)])
def test_value_and_gradient_are_those_of_the_reference(dtype, size, radius, items):
    weights = window_weights(torch.randn(items, 2, *size, dtype=dtype), radius)
    x = torch.randn(3, 4, *size, dtype=dtype, requires_grad=True)
    weight, found = torch.randn_like(x), []
    for filter_ in (window_filter, window_filter_reference):
        y = filter_(x, weights, radius)
        found.append((y.detach(), *torch.autograd.grad((weight * y).sum(), x)))
    for a, b in zip(*found, strict=True):
        assert_close(a, b, rtol=1e-5, atol=1e-5 if dtype == torch.float32 else 1e-12)


def test_half_a_window_has_each_pair_once():
    half = offsets(3)
    assert len(half) == (7 * 7 - 1) // 2
    assert len({*half, *((-down, -right) for down, right in half)}) == 48


def test_a_window_over_the_whole_image_is_the_dense_kernel():
    features, x = torch.randn(2, 3, 6, 5, dtype=torch.float64), torch.randn(2, 4, 6, 5, dtype=torch.float64)
    assert_close(WindowKernel(features, 5, 1.0)(x), DenseKernel(features, 1.0)(x), rtol=1e-12, atol=1e-12)


def test_a_window_is_exact_within():
    features = torch.zeros(1, 1, 9, 9)
    impulse = torch.zeros(1, 1, 9, 9)
    impulse[..., 4, 4] = 1
    y = WindowKernel(features, 2)(impulse)[0, 0]
    assert float(y.sum()) == 24
    assert float(y[2:7, 2:7].sum()) == 24
    assert float(y[4, 4]) == 0
