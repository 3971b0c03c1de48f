"""Finite differences beyond the laws."""

import torch
from torch.testing import assert_close

from minimand.operators import Gradient


def test_differences_point_down_and_right_and_wrap_around():
    x = torch.arange(6.0).reshape(1, 2, 3)
    down, right = Gradient()(x)[0]
    assert down.tolist() == [[3, 3, 3], [-3, -3, -3]]
    assert right.tolist() == [[1, 1, -2], [1, 1, -2]]


def test_the_norm_is_that_of_the_checkerboard():
    assert_close(Gradient().symbol((4, 6)).max(), torch.tensor(8.0, dtype=torch.float64))


def test_one_weight_for_each_direction_has_no_symbol_here():
    assert Gradient().symbol((4, 6), weight=torch.tensor([1.0, 2.0])) is None
