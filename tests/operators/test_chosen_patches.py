"""Patches at given places."""

import pytest
import torch
from torch.testing import assert_close

from minimand.operators import ChosenPatches
from minimand.operators.chosen_patches import everywhere


def test_patches_everywhere_hold_every_pixel_equally_often():
    R = ChosenPatches(everywhere(5, 7)[None], 3, (5, 7))
    x = torch.randn(2, 5, 7, dtype=torch.complex128)
    assert_close(R.normal(x), 9 * x)
    assert_close(R(x)[:, 8].unflatten(1, (3, 3)), x[:, 1:4, 1:4])


def test_images_of_another_size_are_told():
    with pytest.raises(ValueError, match=r"images of \(5, 7\) pixels, got x of shape \(1, 7, 5\)"):
        ChosenPatches(everywhere(5, 7)[None], 3, (5, 7))(torch.zeros(1, 7, 5))
