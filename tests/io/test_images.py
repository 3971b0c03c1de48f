"""Images one by one, each with a name, from a file, a folder or a pattern."""

import numpy as np
import pytest

from minimand.io import InputError, read_images, write_array


def test_a_stack_is_its_images_named_by_their_place(tmp_path, rng):
    stack = rng.integers(0, 9, (6, 4, 5))
    write_array(tmp_path / "a.npz", stack, key="image", siblings={"scale": np.arange(6)})
    images = read_images(f"{tmp_path}/a.npz:image[1:6:2]")
    assert images.names == [f"{tmp_path}/a.npz:image[{i}]" for i in (1, 3, 5)]
    assert images.arrays[0].dtype == np.float64
    np.testing.assert_array_equal(images.stack(images.arrays), stack[1::2])
    assert read_images(f"{tmp_path}/a.npz:image[2]").names == [f"{tmp_path}/a.npz:image[2]"]
    assert read_images(f"{tmp_path}/a.npz:image[-2:]").names[0].endswith("[4]")


def test_complex_images_stay_complex(tmp_path, image):
    write_array(tmp_path / "a.npy", (image * 1j).astype(np.complex64))
    images = read_images(tmp_path / "a.npy")
    assert images.arrays[0].dtype == np.complex128
    assert images.names == [f"{tmp_path}/a.npy"]


def test_a_folder_and_a_pattern_give_files_in_the_order_of_their_names(tmp_path, rng):
    for name in ("b.png", "a.png", "c.npy"):
        write_array(tmp_path / name, rng.random((4 + len(name), 5)))
    (tmp_path / "readme.txt").touch()
    (tmp_path / ".hidden.png").touch()
    write_array(tmp_path / "d.cfl", rng.random((3, 4)) + 1j)
    names = [name.rsplit("/")[-1] for name in read_images(tmp_path).names]
    assert names == ["a.png", "b.png", "c.npy", "d.cfl"]
    assert len(read_images(f"{tmp_path}/*.png")) == 2
    assert len(read_images(f"{tmp_path}/d.*")) == 1
    with pytest.raises(InputError, match="no file matches"):
        read_images(f"{tmp_path}/*.tif")


def test_a_pattern_takes_a_key_and_a_slice(tmp_path, rng):
    for name in ("a.npz", "b.npz"):
        write_array(tmp_path / name, rng.random((3, 4, 5)), siblings={"other": np.ones((3, 4, 5))})
    assert len(read_images(f"{tmp_path}/*.npz:image[0:2]")) == 4


def test_a_pattern_of_keys_takes_the_arrays_of_a_container_by_name(tmp_path, rng):
    arrays = {f"{name}_image": rng.random((2, 4, 5)) for name in "ba"}
    write_array(tmp_path / "a.npz", np.ones((2, 4, 5)), key="label", siblings=arrays)
    assert [name.split(":")[1] for name in read_images(f"{tmp_path}/a.npz:*_image[0]").names] == [
        "a_image[0]",
        "b_image[0]",
    ]
    with pytest.raises(InputError, match="no array matches"):
        read_images(f"{tmp_path}/a.npz:*_mask")


def test_slices_that_are_zero_everywhere_are_left_out_and_listed(tmp_path, image):
    write_array(tmp_path / "a.npy", np.stack([0 * image, image, 0 * image]))
    images = read_images(tmp_path / "a.npy")
    assert len(images) == 1
    assert images.empty == [f"{tmp_path}/a.npy[0]", f"{tmp_path}/a.npy[2]"]
    np.testing.assert_array_equal(images.stack(images.arrays)[1], image)
    write_array(tmp_path / "b.npy", 0 * image)
    with pytest.raises(InputError, match="zero everywhere"):
        read_images(tmp_path / "b.npy")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((0, 8, 8)), "holds no image"),
        (np.ones((1, 1)), "1 x 1 pixels"),
        (np.ones((3, 8, 1)), "8 x 1 pixels"),
        (np.ones(8), "holds no image"),
        (np.stack([np.eye(4), np.full((4, 4), np.nan)]), r"a\.npy\[1\]: the image has 16 NaN"),
    ],
)
def test_what_is_no_image_is_refused_naming_the_slice(tmp_path, array, words):
    write_array(tmp_path / "a.npy", array)
    with pytest.raises(InputError, match=words):
        read_images(tmp_path / "a.npy")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no images"):
        read_images(tmp_path)


def test_stack_asks_for_a_source_that_has_images(tmp_path, image):
    write_array(tmp_path / "a.npy", image)
    with pytest.raises(ValueError, match="source 1"):
        read_images(tmp_path / "a.npy").stack([image], source=1)
