"""HDF5: fastMRI and MATLAB v7.3 layouts, and nothing from outside the file."""

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minimand.io import InputError, read_array, read_matlab_tree, write_array

ARRAYS = hnp.arrays(
    st.sampled_from(["?", "u1", "<i2", "<f4", "<f8", "<c8", "<c16"]), hnp.array_shapes(max_dims=4, max_side=5)
)


@given(array=ARRAYS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_round_trip_is_exact(tmp_path, array):
    write_array(tmp_path / "a.h5", array, key="kspace", siblings={"mask": np.ones(4, bool)}, force=True)
    stored = read_array(tmp_path / "a.h5:kspace")
    np.testing.assert_array_equal(stored.array, array)
    assert stored.array.dtype == array.dtype
    assert stored.siblings["mask"] == ((4,), "bool")


def matlab_file(path, fill) -> None:
    """A file as MATLAB's -v7.3 writes it: 512 bytes of text, then HDF5."""
    with h5py.File(path, "w", userblock_size=512) as file:
        fill(file)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 3), (5, 6, 4, 3)])
def test_matlab_axes_are_undone_and_pages_lead(tmp_path, rng, shape):
    array = rng.normal(size=shape) + 1j * rng.normal(size=shape)

    def fill(file: h5py.File) -> None:
        compound = np.empty(shape[::-1], [("real", "<f8"), ("imag", "<f8")])
        compound["real"], compound["imag"] = array.T.real, array.T.imag
        file["kspace"] = compound
        file["note"] = np.frombuffer(b"hello", "u1").astype("u2")[:, None]
        file["note"].attrs["MATLAB_class"] = np.bytes_("char")

    matlab_file(tmp_path / "a.mat", fill)
    stored = read_array(tmp_path / "a.mat")
    expected = array if array.ndim == 2 else np.moveaxis(array, [0, 1], [-2, -1])
    expected = expected if array.ndim < 4 else expected.swapaxes(0, 1)
    np.testing.assert_array_equal(stored.array, expected)
    assert stored.siblings == {"kspace": (shape, "complex128")}


def test_a_matlab_tree_keeps_structs_cells_text_and_axes(tmp_path):
    def fill(file: h5py.File) -> None:
        file["#refs#/a"] = np.arange(6.0).reshape(3, 2)
        file["#refs#/b"] = np.array([[104], [105]], "u2")
        file["#refs#/b"].attrs["MATLAB_class"] = np.bytes_("char")
        layers = np.array([[file["#refs#/a"].ref], [file["#refs#/b"].ref]], dtype=h5py.ref_dtype)
        file["net/layers"] = layers
        file["net/none"] = np.zeros(2, "u8")
        file["net/none"].attrs["MATLAB_empty"] = np.uint8(1)

    matlab_file(tmp_path / "net.mat", fill)
    net = read_matlab_tree(tmp_path / "net.mat")["net"]
    np.testing.assert_array_equal(net["layers"][0], np.arange(6.0).reshape(3, 2).T)
    assert net["layers"][1] == "hi"
    assert net["none"].size == 0


def test_a_tree_that_refers_to_itself_ends(tmp_path):
    def fill(file: h5py.File) -> None:
        loop = file.create_dataset("loop", (1, 1), dtype=h5py.ref_dtype)
        loop[0, 0] = loop.ref

    matlab_file(tmp_path / "net.mat", fill)
    with pytest.raises(InputError, match="levels"):
        read_matlab_tree(tmp_path / "net.mat")


def external_link(file: h5py.File) -> None:
    file["kspace"] = h5py.ExternalLink("secret.h5", "/data")


def nested_external_link(file: h5py.File) -> None:
    file["image"] = np.eye(3)
    file["group/link"] = h5py.ExternalLink("secret.h5", "/")


def external_storage(file: h5py.File) -> None:
    file.create_dataset("kspace", (4, 4), "f4", external=[("secret.h5", 0, 64)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4, 4), "f4")
    layout[:] = h5py.VirtualSource("secret.h5", "data", (4, 4))
    file.create_virtual_dataset("kspace", layout)


def huge(file: h5py.File) -> None:
    file.create_dataset("kspace", (2**20, 2**20), "f4", chunks=(64, 64))


def hollow(file: h5py.File) -> None:
    file.create_dataset("kspace", (2**14, 2**14), "f4", chunks=(64, 64), compression="gzip")


@pytest.mark.parametrize("fill", [external_link, nested_external_link, external_storage, virtual, huge, hollow])
def test_what_lies_outside_the_file_or_is_impossibly_large_is_refused(tmp_path, fill):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["data"] = np.ones((4, 4), "f4")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        fill(file)
    with pytest.raises(InputError, match=r"external|another file|declares"):
        read_array(tmp_path / "a.h5")


def test_a_soft_link_is_not_listed_twice(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["image"] = np.eye(3)
        file["alias"] = h5py.SoftLink("/image")
        file["loop"] = h5py.SoftLink("/loop")
    assert list(read_array(tmp_path / "a.h5").siblings) == ["image"]


def test_a_file_of_text_holds_no_array_of_numbers(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["header"] = "text"
    with pytest.raises(InputError, match="no array of numbers"):
        read_array(tmp_path / "a.h5")
    (tmp_path / "a.mat").write_bytes(b"x" * 600)
    with pytest.raises(InputError, match=r"not a MATLAB v7\.3 file"):
        read_matlab_tree(tmp_path / "a.mat")


def test_more_references_than_a_network_has_are_refused(tmp_path):
    matlab_file(tmp_path / "a.mat", lambda file: file.create_dataset("cells", (100_001,), h5py.ref_dtype))
    with pytest.raises(InputError, match=r"a\.mat: refers to more than 100000 values; the file is damaged"):
        read_matlab_tree(tmp_path / "a.mat")


def test_raw_data_are_named_as_such(tmp_path, raw_header):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["dataset/data"] = np.zeros(
            3, [("head", [("flags", "<u8"), ("number_of_samples", "<u2")]), ("data", "<f4")]
        )
        file["dataset/xml"] = [raw_header((16, 12, 1))]
    with pytest.raises(
        InputError, match=r"a\.h5: is an ISMRMRD raw-data file; its arrays are called kspace and averaged"
    ):
        read_array(tmp_path / "a.h5:dataset/data")
    with pytest.raises(InputError, match=r"the heads of its acquisitions lack active_channels; it is no ISMRMRD 1\.x"):
        read_array(tmp_path / "a.h5")
