"""Both ways, exactly: files of each format's own library read by us, files of ours read by that library.

BART and MATLAB are not libraries of Python: their files are made here byte by byte as their documents say (files that
they wrote themselves are in test_real_data.py). Meshes have no library among the requirements; theirs are in
test_meshes.py and test_mesh_write.py, photographs in test_photographs.py.
"""

import gzip
import io
import warnings
from pathlib import Path

import h5py
import ismrmrd
import nibabel
import numpy as np
import pydicom
import pytest
import scipy.io
import tifffile
from PIL import Image

from minimand.io import Geometry, read_array, write_array
from minimand.io.photographs import read_photograph, write_photograph

RNG = np.random.default_rng(11)
AFFINE = np.array([[-2.0, 0, 0.1, 30], [0, 1.5, 0, -40], [0.2, 0, 3, 7], [0, 0, 0, 1]])
TYPES = ["?", "u1", "i1", "<u2", ">u2", "<i4", ">i8", "<f2", "<f4", ">f4", "<f8", ">f8", "<c8", ">c8", "<c16", ">c16"]
SHAPES = [(5, 6), (3, 5, 6), (2, 3, 5, 6)]


def numbers(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers over the range of a type, zero and the ends among them."""
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return RNG.random(shape) < 0.5
    if kind.kind in "iu":
        array = RNG.integers(np.iinfo(kind).min, np.iinfo(kind).max, shape, kind.newbyteorder("="), endpoint=True)
        array.flat[:3] = 0, np.iinfo(kind).min, np.iinfo(kind).max
        return array.astype(kind)
    array = RNG.normal(size=shape) * 10.0 ** RNG.integers(-3, 4, shape)
    array.flat[:2] = 0, -0.0
    return (array + 1j * RNG.normal(size=shape) if kind.kind == "c" else array).astype(kind)


def same(found, expected) -> None:
    """Equal bit for bit (-0 is not 0) in the byte order of the machine."""
    found, expected = (np.asarray(x, np.asarray(x).dtype.newbyteorder("=")) for x in (found, expected))
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(expected).tobytes()


def read(spec) -> np.ndarray:
    """What we read, which is in that order."""
    array = read_array(spec).array
    assert array.dtype.isnative
    return array


def pages_first(array: np.ndarray) -> np.ndarray:
    return array.transpose(*range(array.ndim - 1, 1, -1), 0, 1)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_and_npz(tmp_path, dtype, order):
    array = np.asarray(numbers(dtype, (3, 5, 6)), order=order)
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", x=array, other=np.eye(2))
    np.savez_compressed(tmp_path / "b.npz", x=array)
    for spec in ("a.npy", "a.npz:x", "b.npz:x"):
        same(read(f"{tmp_path}/{spec}"), array)
    write_array(tmp_path / "c.npy", array)
    write_array(tmp_path / "c.npz", array, key="x")
    same(np.load(tmp_path / "c.npy"), array)
    same(np.load(tmp_path / "c.npz")["x"], array)


@pytest.mark.parametrize("dtype", ["u1", "<i4", "<f4", "<f8", "<c8", "<c16"])
@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 3), (6, 5, 3, 2)])
@pytest.mark.parametrize("packed", [False, True])
def test_mat_5(tmp_path, dtype, shape, packed):
    array = numbers(dtype, shape)
    scipy.io.savemat(tmp_path / "a.mat", {"x": array, "s": {"f": array}}, do_compression=packed)
    same(read(f"{tmp_path}/a.mat:x"), pages_first(array))
    same(read(f"{tmp_path}/a.mat:s.f"), pages_first(array))
    write_array(tmp_path / "b.mat", pages_first(array), key="x")
    same(scipy.io.loadmat(tmp_path / "b.mat")["x"], array)


@pytest.mark.parametrize("dtype", ["u1", "<i4", "<f4", "<f8", "<c8", "<c16"])
@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 3), (6, 5, 3, 2)])
def test_mat_7_3(tmp_path, dtype, shape):
    """As MATLAB writes it: HDF5 behind 512 bytes of text, axes reversed, complex numbers as compounds."""
    array = numbers(dtype, shape)
    stored = array.T
    if array.dtype.kind == "c":
        part = array.real.dtype
        stored = np.zeros(array.T.shape, [("real", part), ("imag", part)])
        stored["real"], stored["imag"] = array.T.real, array.T.imag
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file.create_dataset("x", data=stored).attrs["MATLAB_class"] = np.bytes_("double")
    with open(tmp_path / "a.mat", "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    same(read(f"{tmp_path}/a.mat:x"), pages_first(array))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    "options", [{}, {"compression": "gzip", "shuffle": True, "fletcher32": True}, {"chunks": True}]
)
def test_hdf5(tmp_path, dtype, options):
    array = numbers(dtype, (3, 5, 6))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("group/kspace", data=array, **options)
    same(read(f"{tmp_path}/a.h5:group/kspace"), array)
    write_array(tmp_path / "b.h5", array, key="kspace")
    with h5py.File(tmp_path / "b.h5") as file:
        same(file["kspace"][()], array)


def test_ismrmrd(tmp_path, raw_header):
    """Raw data by ISMRMRD's own library; ours is written as plain HDF5, as fastMRI has it."""
    full = numbers("<c8", (3, 8, 12))
    path = tmp_path / "raw.h5"
    dataset = ismrmrd.Dataset(str(path), "dataset", create_if_needed=True)
    dataset.write_xml_header(raw_header((12, 8, 1)))
    for y in range(8):
        line = ismrmrd.Acquisition()
        line.resize(12, 3)
        line.data[:] = full[:, y]
        line.idx.kspace_encode_step_1 = y
        line.center_sample = 6
        dataset.append_acquisition(line)
    dataset.close()
    np.testing.assert_array_equal(read(path)[0], full)  # sums of one line each, where -0 becomes 0
    write_array(tmp_path / "out.h5", full[None], key="kspace")
    with h5py.File(tmp_path / "out.h5") as file:
        same(file["kspace"][0], full)


@pytest.mark.parametrize(
    ("sizes", "axes", "names"),
    [
        ((5, 6), (0, 1), ("readout", "phase1")),
        ((1, 5, 6, 3), (3, 1, 2), ("coil", "phase1", "phase2")),
        ((1, 5, 6, 3, *[1] * 9, 4), (13, 3, 1, 2), ("slice", "coil", "phase1", "phase2")),
    ],
)
def test_bart(tmp_path, sizes, axes, names):
    """As BART's documents have it: sizes as text, complex floats with the first dimension fastest."""
    array = numbers("<c8", tuple(sizes))
    text = " ".join(map(str, sizes + (1,) * (16 - len(sizes))))
    (tmp_path / "a.hdr").write_text(f"# Dimensions\n{text} \n# Command\nphantom a \n")
    (tmp_path / "a.cfl").write_bytes(array.tobytes("F"))
    stored = read_array(tmp_path / "a.cfl")
    same(
        stored.array,
        array.transpose(*axes, *(i for i in range(array.ndim) if i not in axes)).reshape(stored.array.shape),
    )
    assert stored.axes == names
    write_array(tmp_path / "b.cfl", stored.array, like=stored)
    assert (tmp_path / "b.cfl").read_bytes() == (tmp_path / "a.cfl").read_bytes()
    assert (tmp_path / "b.hdr").read_text().splitlines()[1].split() == text.split()


@pytest.mark.parametrize("dtype", ["u1", "<i2", ">i2", "<i4", "<f4", ">f4", "<f8", "<c8", ">c8", "<c16"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_nifti(tmp_path, dtype, suffix, kind):
    for shape in ((5, 6), (5, 6, 3), (5, 6, 3, 2), (5, 6, 3, 1, 2)):
        array = numbers(dtype, shape)
        image = kind(
            array, AFFINE, kind.header_class(endianness=dtype[0] if dtype[0] in "<>" else "<"), dtype=array.dtype
        )
        nibabel.save(image, tmp_path / f"a{suffix}")
        stored = read_array(tmp_path / f"a{suffix}")
        same(stored.array, pages_first(array))
        np.testing.assert_allclose(stored.geometry.affine, AFFINE, atol=1e-6)
        write_array(tmp_path / f"b{suffix}", stored.array, like=stored, force=True)
        back = nibabel.load(tmp_path / f"b{suffix}")
        same(np.asanyarray(back.dataobj), array)
        np.testing.assert_allclose(back.affine, AFFINE, atol=1e-6)


@pytest.mark.parametrize("endianness", ["<", ">"])
@pytest.mark.parametrize(("slope", "shift"), [(0.5, 0.0), (1.0, -1024.0), (2.0 / 3, 7.25), (np.nan, 0.0)])
@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "f4"])
def test_nifti_with_scale_factors(tmp_path, endianness, slope, shift, dtype):
    raw = numbers(f"<{dtype}" if dtype != "u1" else dtype, (5, 6, 3, 2))
    header = nibabel.Nifti1Header(endianness=endianness)
    header.set_data_dtype(raw.dtype)
    header.set_data_shape(raw.shape)
    header.set_sform(AFFINE, 1)
    header["scl_slope"], header["scl_inter"], header["vox_offset"] = slope, shift, 352
    file = io.BytesIO()
    header.write_to(file)
    content = file.getvalue().ljust(352, b"\0") + raw.astype(raw.dtype.newbyteorder(endianness)).tobytes("F")
    (tmp_path / "a.nii").write_bytes(content)
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(content))
    expected = np.asanyarray(nibabel.load(tmp_path / "a.nii").dataobj)
    for name in ("a.nii", "a.nii.gz"):
        same(read(tmp_path / name), pages_first(expected))


def capture(frames: np.ndarray, **tags) -> pydicom.Dataset:
    """A DICOM image of 16-bit frames by pydicom."""
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    dataset.Modality, dataset.PatientName = "MR", "Nobody"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.set_pixel_data(frames, "MONOCHROME2", 16)
    for name, value in tags.items():
        setattr(dataset, name, value)
    return dataset


@pytest.mark.parametrize("dtype", ["u2", "i2"])
def test_dicom_single_multi_frame_and_series(tmp_path, dtype):
    volume = numbers(f"<{dtype}", (4, 6, 5))
    capture(volume[0]).save_as(tmp_path / "one.dcm", enforce_file_format=True)
    same(read(tmp_path / "one.dcm"), volume[0])
    capture(volume).save_as(tmp_path / "many.dcm", enforce_file_format=True)
    same(read(tmp_path / "many.dcm"), volume)
    (tmp_path / "series").mkdir()
    uid = pydicom.uid.generate_uid()
    for k in RNG.permutation(4):
        place = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "ImagePositionPatient": [10, 20, 2.5 * float(k)]}
        dataset = capture(volume[k], SeriesInstanceUID=uid, PixelSpacing=[1.5, 2], SliceThickness=2.5, **place)
        dataset.save_as(tmp_path / "series" / f"{RNG.integers(10**9)}.dcm", enforce_file_format=True)
    stored = read_array(tmp_path / "series")
    same(stored.array, volume)
    np.testing.assert_allclose(stored.geometry.affine[:3, 3], [-10, -20, 0])
    np.testing.assert_allclose(np.abs(stored.geometry.affine[:3, :3]), [[0, 2, 0], [1.5, 0, 0], [0, 0, 2.5]])


def test_dicom_that_is_written_is_read_by_pydicom_with_its_place(tmp_path):
    volume = numbers("<i2", (4, 6, 5))
    affine = np.diag([-2.0, -1.5, 3, 1])[:, [1, 0, 2, 3]]  # rows run along y
    write_array(tmp_path / "a.dcm", volume)
    dataset = pydicom.dcmread(tmp_path / "a.dcm")
    slope, shift = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
    np.testing.assert_array_equal(dataset.pixel_array * slope + shift, volume)
    assert dataset.SOPClassUID.name.startswith("Multi-frame") or "Secondary Capture" in dataset.SOPClassUID.name
    stored = read_array(tmp_path / "a.dcm")
    write_array(tmp_path / "b.dcm", volume, like=type(stored)(volume, Path("x"), None, "", Geometry(affine)))
    np.testing.assert_allclose(read_array(tmp_path / "b.dcm").geometry.affine, affine, atol=1e-6)


@pytest.mark.parametrize("dtype", ["u1", "<u2"])
def test_png(tmp_path, dtype):
    array = numbers(dtype, (5, 6))
    Image.fromarray(array).save(tmp_path / "a.png")
    same(read(tmp_path / "a.png"), array)
    write_array(tmp_path / "b.png", array)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "b.png")), array)
    colour = numbers("u1", (5, 6, 3))
    Image.fromarray(colour).save(tmp_path / "c.png")
    same(read(tmp_path / "c.png"), colour)


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<f4", ">f4", "<i4", "<f8"])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}])
def test_tiff(tmp_path, dtype, options):
    for shape in ((5, 6), (3, 5, 6)):
        array = numbers(dtype, shape)
        tifffile.imwrite(tmp_path / "a.tif", array, photometric="minisblack", **options)
        same(read(tmp_path / "a.tif"), array)
        if array.dtype.newbyteorder("=") in (np.uint8, np.uint16, np.float32):
            write_array(tmp_path / "b.tif", array, force=True)
            same(tifffile.imread(tmp_path / "b.tif"), array)


def test_jpeg(tmp_path):
    """Lossy: what Pillow decodes is what is read, and what was written differs by little."""
    ramp = np.add.outer(np.arange(48), np.arange(56)).astype(np.uint8)
    for name, pixels in (("grey.jpg", ramp), ("colour.jpg", np.stack([ramp, ramp[::-1], 2 * ramp], -1))):
        Image.fromarray(pixels).save(tmp_path / name, quality=95)
        decoded = np.asarray(Image.open(tmp_path / name))
        same(read(tmp_path / name), decoded)
        photo = read_photograph(tmp_path / name)
        np.testing.assert_array_equal(photo.pixels.reshape(decoded.shape), decoded)
        write_photograph(tmp_path / f"back-{name}", photo)
        again = np.asarray(Image.open(tmp_path / f"back-{name}")).astype(float)
        assert np.abs(again - decoded).max() <= 8
