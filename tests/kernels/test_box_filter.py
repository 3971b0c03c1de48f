"""The box filter and the guided filter against their definitions."""

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels.box_filter import _box_mean, box_mean, box_mean_reference
from minimand.kernels.guided_filter import guided_filter

TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}


def naive(x, radius):
    """The mean over the window in the mirrored plane, pixel by pixel."""
    _, height, width = x.shape

    def mirrored(index, length):
        index %= 2 * length
        return index if index < length else 2 * length - 1 - index

    y = torch.zeros_like(x)
    for i in range(height):
        for j in range(width):
            down = [mirrored(i + k, height) for k in range(-radius, radius + 1)]
            along = [mirrored(j + k, width) for k in range(-radius, radius + 1)]
            y[:, i, j] = x[:, down][:, :, along].mean((1, 2))
    return y


def naive_guided(p, guide, radius, eps):
    """Ridge regression in every window, by the normal equations, for mirrored images."""
    rows = [torch.nn.functional.pad(t[None], (radius,) * 4, mode="replicate")[0] for t in (p, guide)]
    windows = [t.unfold(1, 2 * radius + 1, 1).unfold(2, 2 * radius + 1, 1).flatten(3) for t in rows]
    mean_p, mean_guide = (w.mean(-1) for w in windows)
    deviation = windows[1] - mean_guide[..., None]
    a = (deviation * windows[0]).mean(-1) / (deviation.square().mean(-1) + eps)
    return box_mean_reference(a, radius) * guide + box_mean_reference(mean_p - a * mean_guide, radius)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("radius", [0, 1, 4, 23])
@pytest.mark.parametrize("size", [(9, 7), (5, 12), (1, 6), (1, 1)])
def test_means_are_those_of_the_definition_also_where_the_window_is_larger_than_the_image(size, radius, dtype):
    x = torch.rand(2, *size, dtype=dtype)
    tolerance = TOLERANCE[dtype]
    assert_close(box_mean(x, radius), naive(x, radius), rtol=tolerance, atol=tolerance)
    assert_close(box_mean_reference(x, radius), naive(x, radius), rtol=tolerance, atol=tolerance)


def test_a_window_may_have_two_sides():
    x = torch.rand(2, 9, 7, dtype=torch.float64, requires_grad=True)
    for down, across in ((3, 0), (0, 5), (2, 4)):
        y = box_mean(x, (down, across))
        assert_close(y, box_mean_reference(x, (down, across)))
        assert_close(y, box_mean(box_mean(x, (0, across)), (down, 0)))
        assert torch.autograd.gradcheck(lambda v, r=(down, across): box_mean(v, r), (x,))


@pytest.mark.parametrize("size", [(64, 65), (130, 63), (200, 129)])
def test_it_agrees_with_the_reference_across_strips(size):
    x = torch.rand(2, *size, dtype=torch.float64)
    for radius in (3, 40, 150):
        assert_close(box_mean(x, radius), box_mean_reference(x, radius))


def test_the_filter_is_symmetric_and_keeps_constants():
    x, y = torch.rand(2, 1, 11, 14, dtype=torch.float64)
    assert_close((box_mean(x, 9) * y).sum(), (x * box_mean(y, 9)).sum())
    assert_close(box_mean(torch.ones(1, 11, 14), 9), torch.ones(1, 11, 14))


def test_gradcheck():
    p, guide = torch.rand(2, 1, 6, 5, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: box_mean(x, 2), p)
    assert torch.autograd.gradcheck(lambda x, g: guided_filter(x, g, 2, 0.01), (p, guide))


def test_memory_need_not_be_contiguous():
    x = torch.rand(2, 9, 5)
    assert_close(box_mean(x.mT, 2), box_mean(x, 2).mT)


def test_torch_knows_the_operator():
    torch.library.opcheck(_box_mean, (torch.rand(1, 6, 5, requires_grad=True), 2, 1))


@pytest.mark.parametrize("size", [(13, 10), (7, 8)])
def test_the_guided_filter_is_ridge_regression_in_every_window(size):
    """Away from the border, where the mirror and a repeated edge differ beyond one pixel: with radius 1 they agree."""
    p, guide = torch.rand(2, 2, *size, dtype=torch.float64)
    assert_close(guided_filter(p, guide, 1, 0.01), naive_guided(p, guide, 1, 0.01))


def test_the_guided_filter_keeps_what_is_affine_in_the_guide_and_smooths_where_it_is_flat():
    guide = torch.rand(1, 20, 31, dtype=torch.float64)
    assert_close(guided_filter(0.3 * guide + 0.2, guide, 4, 1e-12), 0.3 * guide + 0.2, atol=1e-8, rtol=0)
    p = torch.rand(1, 20, 31, dtype=torch.float64)
    assert_close(guided_filter(p, torch.ones_like(p), 4, 0.01), box_mean(box_mean(p, 4), 4))


def test_a_window_and_an_eps_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="0 or more, got -1"):
        box_mean(torch.rand(1, 5, 5), -1)
    with pytest.raises(ValueError, match="positive eps, got 0"):
        guided_filter(*torch.rand(2, 1, 5, 5), 1, 0)
