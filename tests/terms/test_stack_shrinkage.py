"""Stacks of patches shrunk in 3-D Haar wavelets."""

import torch
from torch.testing import assert_close

from minimand.terms import StackShrinkage


def corners():
    """Two stacks of two patches of 2 x 2 pixels that overlap on 3 x 4 pixels; together they hold every pixel."""
    return torch.tensor([[[[0, 0], [1, 2]], [[0, 2], [1, 0]]]])


def test_without_a_step_nothing_changes_however_often_pixels_are_held():
    v = torch.randn(1, 3, 4, dtype=torch.complex128)
    assert_close(StackShrinkage(corners(), 2, (3, 4)).prox(v, 0.0), v)


def test_what_differs_between_the_patches_of_a_stack_is_shrunk():
    v = torch.zeros(1, 2, 4, dtype=torch.float64)
    v[:, :, :2], v[:, :, 2:] = 1.0, 2.0
    term = StackShrinkage(torch.tensor([[[[0, 0], [0, 2]]]]), 2, (2, 4))
    found = term.prox(v, 1.0)  # coefficients: mean 6 / sqrt 2, difference -2 / sqrt 2, no details
    mean, difference = (6 - 2**0.5) / 4, (2 - 2**0.5) / 4
    assert_close(found[0, :, 0], torch.full((2,), mean - difference, dtype=torch.float64))
    assert_close(found[0, :, 3], torch.full((2,), mean + difference, dtype=torch.float64))
