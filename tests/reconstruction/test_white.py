"""What counts as white."""

import numpy as np
import pytest

from minimand.io import InputError, read_images
from minimand.reconstruction.white import white_levels


def white_of(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    return white_levels(read_images(tmp_path / "a.npy"))


@pytest.mark.parametrize(
    ("array", "white"),
    [
        (np.full((4, 4), 80, np.uint8), 255),
        (np.full((4, 4), 80, np.uint16), 65535),
        (np.full((4, 4), 0.5), 1),
        (np.full((4, 4), 200.5), 255),
        (np.full((4, 4), 300, np.int32), 65535),
    ],
)
def test_white_follows_the_type_and_else_the_values(tmp_path, array, white):
    assert white_of(tmp_path, array) == [white]


def test_every_image_of_a_stack_has_the_white_of_the_stack(tmp_path):
    stack = np.stack([np.full((4, 4), 0.5), np.full((4, 4), 100.0)])
    assert white_of(tmp_path, stack) == [255, 255]


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.full((4, 4), 1j), "got complex ones"),
        (np.full((4, 4), -1.0), "from 0 to white, got -1"),
        (np.full((4, 4), 1e6), "up to 65535, got 1e\\+06"),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path, array, said):
    with pytest.raises(InputError, match=said):
        white_of(tmp_path, array)
