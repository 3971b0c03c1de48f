"""DICOM: files of its own library read as that library reads them; series in the order of the patient; our captures."""

import shutil
import warnings
from dataclasses import replace

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from minimand.io import Geometry, InputError, read_array, read_images, write_array


def sample(name):
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"pydicom brings no {name}")
    return path


@pytest.mark.parametrize("name", ["MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm"])
def test_values_are_those_of_the_library(name):
    stored = read_array(sample(name))
    np.testing.assert_array_equal(stored.array, pydicom.dcmread(sample(name)).pixel_array)
    assert stored.array.dtype.kind == "i"


def test_ct_comes_in_hounsfield_units_with_its_place():
    stored, dataset = read_array(sample("CT_small.dcm")), pydicom.dcmread(sample("CT_small.dcm"))
    np.testing.assert_array_equal(stored.array, dataset.pixel_array - 1024.0)
    affine, position = stored.geometry.affine, np.array(dataset.ImagePositionPatient, float)
    np.testing.assert_allclose(affine[:3, 3], position * [-1, -1, 1])
    down = (affine @ [1, 0, 0, 1] - affine @ [0, 0, 0, 1])[:3]
    orientation, spacing = np.array(dataset.ImageOrientationPatient, float), np.array(dataset.PixelSpacing, float)
    np.testing.assert_allclose(down, orientation[3:] * spacing[0] * [-1, -1, 1])


def test_colour_and_frames():
    rgb = read_array(sample("SC_rgb_small_odd.dcm"))
    assert rgb.channels
    assert rgb.array.shape == (3, 3, 3)
    assert read_array(sample("rtdose.dcm")).array.shape == (15, 10, 10)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("MR_small_jp2klossless.dcm", "is compressed (JPEG 2000"),
        ("image_dfl.dcm", "deflated"),
        ("rtplan.dcm", "holds no image (RT Plan"),
        ("reportsi.dcm", "holds no image"),
    ],
)
def test_what_is_not_read_is_told(name, said):
    with pytest.raises(InputError) as caught:
        read_array(sample(name))
    assert said in str(caught.value)


@pytest.mark.parametrize(("field", "value"), [("Rows", 60000), ("NumberOfFrames", 2000000), ("BitsAllocated", 13)])
def test_a_header_that_lies_is_refused(tmp_path, field, value):
    dataset = pydicom.dcmread(sample("MR_small.dcm"))
    setattr(dataset, field, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(tmp_path / "a.dcm")
    with pytest.raises(InputError, match=r"a\.dcm"):
        read_array(tmp_path / "a.dcm")


def series(folder, heights, rng, **changes):
    """Slices of one series at these heights along the patient's axis, named at random."""
    folder.mkdir()
    uid, names = pydicom.uid.generate_uid(), rng.permutation(len(heights))
    volume = rng.integers(0, 999, (len(heights), 64, 64), dtype=np.int16)
    for name, height, pixels in zip(names, heights, volume, strict=True):
        dataset = pydicom.dcmread(sample("MR_small.dcm"))
        dataset.SeriesInstanceUID, dataset.SOPInstanceUID = uid, pydicom.uid.generate_uid()
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.ImagePositionPatient = [-10, -20, height]
        dataset.PixelData = pixels.tobytes()
        for field, values in changes.items():
            setattr(dataset, field, values[int(name) % len(values)])
        dataset.save_as(folder / f"{name}.dcm")
    return volume


def test_a_series_is_sorted_by_place_and_becomes_a_nifti(tmp_path, rng):
    volume = series(tmp_path / "scan", [30.0, 27.0, 24.0, 21.0], rng)
    stored = read_array(tmp_path / "scan")
    np.testing.assert_array_equal(stored.array, volume[::-1])
    np.testing.assert_allclose(stored.geometry.affine[:3, 2], [0, 0, 3])
    np.testing.assert_allclose(stored.geometry.affine[:3, 3], [10, 20, 21])
    assert [image.shape for image in read_images(tmp_path / "scan").arrays] == [(64, 64)] * 4
    np.testing.assert_array_equal(read_array(f"{tmp_path}/scan[1]").array, volume[2])
    write_array(tmp_path / "a.nii.gz", stored.array, like=stored)
    back = nibabel.load(tmp_path / "a.nii.gz")
    np.testing.assert_allclose(back.affine, stored.geometry.affine, atol=1e-5)


def test_missing_slices_are_noted(tmp_path, rng):
    series(tmp_path / "scan", [0.0, 3.0, 9.0, 12.0], rng)
    assert "3 to 6 mm apart" in read_array(tmp_path / "scan").notes[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SeriesInstanceUID": ["1.2.3", "1.2.4"]}, "holds 2 series"),
        ({"ImagePositionPatient": [[0, 0, 5]]}, "several images lie at one place"),
        ({"ImageOrientationPatient": [[1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1]]}, "several directions"),
        ({"PixelSpacing": [[1, 1], [1, 2]]}, "several pixel sizes"),
        ({"Rows": [64, 48]}, r"one image of one size a file, found \(48, 64\) and \(64, 64\)"),
        ({"RescaleSlope": ["1e400"]}, r"0\.dcm: rescale slope or intercept are no numbers"),
    ],
)
def test_folders_that_are_no_volume_are_refused(tmp_path, rng, changes, said):
    series(tmp_path / "scan", [0.0, 1.0, 2.0, 3.0], rng, **changes)
    with pytest.raises(InputError, match=said):
        read_array(tmp_path / "scan")


def test_a_folder_of_hidden_files_or_too_many_holds_no_series(tmp_path, monkeypatch):
    shutil.copy(sample("MR_small.dcm"), tmp_path / ".a.dcm")
    with pytest.raises(InputError, match=r"holds 0 \.dcm files; 1 to 20000 of one series are needed"):
        read_array(tmp_path)
    monkeypatch.setattr("minimand.io.dicom.MOST_FILES", 1)
    for name in ("a.dcm", "b.dcm"):
        shutil.copy(sample("MR_small.dcm"), tmp_path / name)
    with pytest.raises(InputError, match=r"holds 2 \.dcm files"):
        read_array(tmp_path)


def test_a_broken_slice_of_a_series_is_named(tmp_path, rng):
    series(tmp_path / "scan", [0.0, 1.0, 2.0], rng)
    shutil.copy(sample("rtplan.dcm"), tmp_path / "scan" / "1.dcm")
    with pytest.raises(InputError, match=r"1\.dcm: holds no image"):
        read_array(tmp_path / "scan")


AFFINE = np.array([[0.0, -2.0, 0, 30], [1.5, 0, 0, -40], [0, 0, 3, 7], [0, 0, 0, 1]])


def test_a_result_is_a_capture_that_brings_values_and_place_back(tmp_path, rng):
    array = rng.normal(size=(4, 6, 5))
    like = read_array(sample("CT_small.dcm"))
    like = replace(like, geometry=Geometry(AFFINE))
    note = write_array(tmp_path / "a.dcm", array, like=like)
    assert "16-bit values" in note
    stored, dataset = read_array(tmp_path / "a.dcm"), pydicom.dcmread(tmp_path / "a.dcm")
    np.testing.assert_allclose(stored.array, array, atol=np.ptp(array) / 65535)
    np.testing.assert_allclose(stored.geometry.affine, AFFINE, atol=1e-6)
    assert dataset.SOPClassUID.name == "Multi-frame Grayscale Word Secondary Capture Image Storage"
    assert not dataset.PatientName
    assert dataset.SeriesInstanceUID.startswith("2.25.")


@pytest.mark.parametrize("array", [np.arange(30, dtype=np.uint16).reshape(5, 6), np.full((2, 3, 3), 65535, np.int32)])
def test_whole_numbers_are_kept(tmp_path, array):
    write_array(tmp_path / "a.dcm", array)
    np.testing.assert_array_equal(read_array(tmp_path / "a.dcm").array.squeeze(), array)


def test_nothing_that_dicom_cannot_hold_is_written(tmp_path):
    for bad, said in ((np.array([[np.nan, 1.0]]), "NaN"), (np.zeros((2, 2, 3, 3)), "stack of images")):
        with pytest.raises(InputError, match=said):
            write_array(tmp_path / "a.dcm", bad)
    assert not list(tmp_path.iterdir())
