"""The haze equation goes both ways, and the airlight is the pixel that the authors' code takes."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.systems.dehazing.haze import add_haze, estimate_airlight, remove_haze, transmission

A = torch.tensor([[0.9, 0.8, 1.0], [0.7, 0.75, 0.8]], dtype=torch.float64)


def clear(*size):
    return torch.rand(2, 3, *size, dtype=torch.float64)


def test_haze_that_was_added_comes_off():
    J, T = clear(7, 9), transmission(torch.rand(2, 7, 9, dtype=torch.float64), 2.0)
    assert_close(remove_haze(add_haze(J, T, A), T, A), J)


def test_no_haze_and_nothing_but_haze():
    J = clear(7, 9)
    assert_close(add_haze(J, torch.ones(2, 7, 9, dtype=torch.float64), A), J)
    assert_close(add_haze(J, torch.zeros(2, 7, 9, dtype=torch.float64), A), A[..., None, None].expand_as(J))


def test_density_is_an_exponent():
    depth = torch.rand(1, 4, 5, dtype=torch.float64)
    assert_close(transmission(depth, 0.7) * transmission(depth, 1.1), transmission(depth, 1.8))


@pytest.mark.parametrize("size", [(40, 60), (61, 37), (3, 2), (1, 1)])
def test_the_airlight_is_the_pixel_of_the_stable_sort(size):
    """By brute force: minima of clipped windows, pixels column by column, a stable sort downwards, that rank."""
    I = (8 * clear(*size)).round() / 8  # with many ties
    for k in range(2):
        least, reach = I[k].amin(0).numpy(), 7
        dark = np.array([
            [least[max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1].min() for j in range(size[1])]
            for i in range(size[0])
        ])  # fmt: skip
        order = np.argsort(-dark.ravel(order="F"), kind="stable")
        place = order[max(int(0.001 * dark.size) - 1, 0)]
        column, row = divmod(int(place), size[0])
        assert_close(estimate_airlight(I)[k], I[k, :, row, column].clamp_min(1 / 255))


def test_a_black_picture_has_an_airlight_to_divide_by():
    assert_close(estimate_airlight(torch.zeros(1, 3, 20, 20)), torch.full((1, 3), 1 / 255))
