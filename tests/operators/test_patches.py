"""Patches of an image."""

import pytest
import torch
from torch.testing import assert_close

from minimand.operators import Patches


def test_a_patch_is_the_pixels_from_its_corner():
    x = torch.arange(30.0).reshape(1, 5, 6)
    patches = Patches((5, 6), 3)(x)
    assert patches.shape == (1, 3 * 4, 9)
    assert torch.equal(patches[0, 5].reshape(3, 3), x[0, 1:4, 1:4])


def test_counts_are_the_diagonal_of_the_normal_operator():
    for image, size in [((5, 6), 3), ((4, 9), 4), ((3, 3), 1)]:
        x = torch.randn(2, *image)
        R = Patches(image, size)
        assert_close(R.normal(x), R.counts(x) * x)


def test_patches_larger_than_the_image_are_refused():
    with pytest.raises(ValueError, match="Patches of 5 x 5 pixels do not fit an image of 4 x 9"):
        Patches((4, 9), 5)
