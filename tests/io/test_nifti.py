"""NIfTI: slices lead, the affine survives the way through."""

import gzip

import nibabel
import numpy as np
import pytest

from minimand.io import InputError, read_array, read_images, write_array

AFFINE = np.array([[-2.0, 0, 0.1, 30], [0, 1.5, 0, -40], [0.2, 0, 3, 7], [0, 0, 0, 1]])


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", ["u1", "<i2", "<f4", "<f8", "<c8"])
@pytest.mark.parametrize("shape", [(5, 6), (3, 5, 6), (2, 3, 5, 6)])
def test_a_round_trip_keeps_values_type_and_axes(tmp_path, rng, suffix, dtype, shape):
    array = (100 * rng.random(shape)).astype(dtype)
    write_array(tmp_path / f"a{suffix}", array)
    stored = read_array(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(stored.array, array)
    assert stored.array.dtype == array.dtype
    assert nibabel.load(tmp_path / f"a{suffix}").shape == (*shape[-2:], *shape[:-2][::-1])


def scan(path, shape=(5, 6, 3, 2)) -> np.ndarray:
    array = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    image = nibabel.Nifti1Image(array, AFFINE)
    image.set_qform(None, 0)
    image.set_sform(AFFINE, 1)
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_zooms((*image.header.get_zooms()[:3], 2.5)[: len(shape)])
    nibabel.save(image, path)
    return array


def test_geometry_is_written_back(tmp_path):
    scan(tmp_path / "a.nii.gz")
    stored = read_array(tmp_path / "a.nii.gz")
    write_array(tmp_path / "b.nii", stored.array * 1.5j, like=stored)
    back = nibabel.load(tmp_path / "b.nii")
    np.testing.assert_allclose(back.affine, AFFINE, atol=1e-6)
    assert back.get_data_dtype() == np.complex128
    assert back.header.get_xyzt_units() == ("mm", "sec")
    assert float(back.header.get_zooms()[3]) == 2.5
    assert int(back.header["sform_code"]) == 1


def test_a_part_of_the_slices_moves_the_origin(tmp_path):
    scan(tmp_path / "a.nii", (5, 6, 4))
    whole, part = read_array(tmp_path / "a.nii"), read_array(tmp_path / "a.nii[1:4:2]")
    np.testing.assert_array_equal(part.array, whole.array[1:4:2])
    voxel = np.array([2, 3, 1, 1])
    np.testing.assert_allclose(part.geometry.affine @ voxel, whole.geometry.affine @ [2, 3, 3, 1])


def test_geometry_travels_through_an_npz(tmp_path):
    scan(tmp_path / "a.nii", (5, 6, 4))
    write_array(tmp_path / "k.npz", np.ones((4, 5, 6)), like=read_array(tmp_path / "a.nii"))
    write_array(tmp_path / "b.nii", np.ones((4, 5, 6)), like=read_array(tmp_path / "k.npz:image"))
    np.testing.assert_allclose(nibabel.load(tmp_path / "b.nii").affine, AFFINE, atol=1e-6)


def test_images_are_the_slices_along_the_third_axis(tmp_path):
    array = scan(tmp_path / "a.nii")
    images = read_images(tmp_path / "a.nii")
    assert images.names[4] == f"{tmp_path}/a.nii[1, 1]"
    np.testing.assert_array_equal(images.arrays[4], array[:, :, 1, 1])
    np.testing.assert_array_equal(images.stack(images.arrays), read_array(tmp_path / "a.nii").array)


def test_a_damaged_gzip_is_noticed_at_every_cut(tmp_path):
    scan(tmp_path / "a.nii.gz")
    whole = (tmp_path / "a.nii.gz").read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        (tmp_path / "b.nii.gz").write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"b\.nii\.gz"):
            read_array(tmp_path / "b.nii.gz")
    (tmp_path / "b.nii.gz").write_bytes(whole + b"junk")
    with pytest.raises(InputError, match=r"b\.nii\.gz"):
        read_array(tmp_path / "b.nii.gz")


def test_bytes_after_the_voxels_are_worth_a_note(tmp_path):
    scan(tmp_path / "a.nii")
    content = (tmp_path / "a.nii").read_bytes()
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(content + b"extra"))
    assert "5 bytes after" in read_array(tmp_path / "b.nii.gz").notes[0]
    (tmp_path / "c.nii").write_bytes(content[:-8])
    with pytest.raises(InputError, match="truncated"):
        read_array(tmp_path / "c.nii")


def test_a_header_beyond_memory_is_refused(tmp_path):
    scan(tmp_path / "a.nii")
    content = bytearray((tmp_path / "a.nii").read_bytes())
    content[42:50] = np.array([32000, 32000, 32000, 32000], "<i2").tobytes()
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(InputError, match="GiB"):
        read_array(tmp_path / "b.nii.gz")


def test_something_else_is_no_nifti(tmp_path):
    (tmp_path / "a.nii").write_bytes(b"P5" * 500)
    with pytest.raises(InputError, match="does not begin as a NIfTI"):
        read_array(tmp_path / "a.nii")


def test_a_slope_that_makes_whole_numbers_infinite_is_refused(tmp_path):
    content = bytearray(nibabel.Nifti2Image(np.full((4, 5), 100, np.int16), np.eye(4)).to_bytes())
    content[176:184] = np.float64(1e308).tobytes()
    (tmp_path / "a.nii").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.nii: its slope 1e\+308 and intercept 0 make values infinite"):
        read_array(tmp_path / "a.nii")
