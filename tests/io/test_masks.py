"""Masks hold 0 and 1 and sample something."""

import numpy as np
import pytest

from minimand.io import InputError, fit_mask, read_mask, write_array


@pytest.mark.parametrize("dtype", ["?", "u1", "<i8", "<f4", "<c8"])
@pytest.mark.parametrize("shape", [(6, 5), (1, 6, 5), (5,), (1, 5)])
def test_numbers_0_and_1_of_any_type_are_a_mask(tmp_path, rng, dtype, shape):
    array = rng.random(shape) > 0.4
    write_array(tmp_path / "m.npy", array.astype(dtype))
    mask = read_mask(tmp_path / "m.npy")
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, array.squeeze())


def test_a_black_and_white_picture_is_a_mask(tmp_path, rng):
    mask = rng.random((6, 5)) > 0.4
    write_array(tmp_path / "m.png", mask)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png"), mask)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([[0, 2], [1, 0]]), "found 2"),
        (np.array([[0.5, 1.0]]), "found 0.5"),
        (np.array([[np.nan, 1.0]]), "found nan"),
        (np.zeros((4, 4)), "samples nothing"),
        (np.ones((3, 4, 5)), "one plane"),
        (np.ones((2, 3, 4, 5)), r"\(height, width\)"),
        (np.ones((4, 1)), "one column"),
        (np.zeros((0, 4)), r"\(height, width\)"),
    ],
)
def test_anything_else_is_refused_naming_what_was_found(tmp_path, array, words):
    write_array(tmp_path / "m.npz", array)
    with pytest.raises(InputError, match=words):
        read_mask(tmp_path / "m.npz")


def test_a_mask_fits_planes_columns_and_slices():
    assert fit_mask(np.array([True, False, True]), "m", 4, (2, 3)).tolist() == [[True, False, True]] * 2
    columns = np.array([[True, False, True]] * 2)
    assert fit_mask(columns, "m", 1, (3, 3)).tolist() == [[True, False, True]] * 3
    assert fit_mask(np.ones((4, 2, 3), bool), "m", 4, (2, 3)).shape == (4, 2, 3)
    with pytest.raises(InputError, match=r"size 3 x 2, the k-space 2 x 3"):
        fit_mask(np.ones((3, 2), bool), "m", 1, (2, 3))
