"""NumPy files: exact round trips, no pickles, no more bytes than declared and no fewer."""

import io
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minimand.io import InputError, read_array, write_array

ARRAYS = hnp.arrays(
    st.sampled_from(["?", "u1", "<i2", ">i4", "<f4", "<f8", "<c8", "<c16", "<u2"]),
    hnp.array_shapes(min_dims=1, max_dims=4, max_side=5),
)


@given(array=ARRAYS, suffix=st.sampled_from([".npy", ".npz"]), fortran=st.booleans())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_round_trip_is_exact(tmp_path, array, suffix, fortran):
    path = tmp_path / f"a{suffix}"
    write_array(path, np.asfortranarray(array) if fortran else array, force=True)
    read = read_array(path).array
    np.testing.assert_array_equal(read, array)
    assert read.dtype == array.dtype.newbyteorder("=")
    assert read.flags.writeable


def test_an_npz_holds_its_siblings_and_the_same_arrays_give_the_same_bytes(tmp_path, rng):
    arrays = {"mask": rng.random((4, 4)) > 0.5, "file": np.arange(3)}
    for name in ("a.npz", "b.npz"):
        write_array(tmp_path / name, np.eye(4), key="kspace", siblings=arrays)
    stored = read_array(tmp_path / "a.npz", prefer=["kspace"])
    assert stored.key == "kspace"
    assert stored.siblings["mask"] == ((4, 4), "bool")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    np.testing.assert_array_equal(np.load(tmp_path / "a.npz")["mask"], arrays["mask"])


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_pickles_are_never_loaded(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    array = np.array([{"a": 1}], dtype=object)
    np.save(path, array, allow_pickle=True) if suffix == ".npy" else np.savez(path, array, allow_pickle=True)
    with pytest.raises(InputError, match=r"pickled|no array of numbers"):
        read_array(path)


def test_a_named_member_of_pickles_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", objects=np.array([{}], dtype=object), image=np.eye(3))
    with pytest.raises(InputError, match="pickled"):
        read_array(tmp_path / "a.npz:objects")
    assert read_array(tmp_path / "a.npz").key == "image"


def header(shape: str) -> bytes:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize("shape", ["(1000000, 1000000)", "(99999999999999999999, 2)", "(-4, -4)", "(5, 5)", "(3,)"])
def test_a_declared_size_that_is_not_the_stored_size_is_refused_unread(tmp_path, shape):
    data = header(shape) + bytes(16 * 8)
    (tmp_path / "a.npy").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", data)
    for name in ("a.npy", "a.npz"):
        with pytest.raises(InputError, match=r"declares|impossible|cannot be read"):
            read_array(tmp_path / name)


def test_text_is_not_numbers(tmp_path):
    np.save(tmp_path / "a.npy", np.array(["a", "b"]))
    with pytest.raises(InputError, match="not numbers"):
        read_array(tmp_path / "a.npy")


def test_an_affine_beside_the_array_is_its_geometry(tmp_path):
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    write_array(tmp_path / "a.npz", np.ones((2, 3, 4)), key="kspace", siblings={"affine": affine})
    geometry = read_array(tmp_path / "a.npz:kspace").geometry
    np.testing.assert_array_equal(geometry.affine, affine)


def test_a_changed_byte_in_an_npz_is_noticed(tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, image=np.arange(64.0).reshape(8, 8))
    data = bytearray(buffer.getvalue())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(InputError, match="CRC"):
        read_array(tmp_path / "a.npz")


def test_a_member_that_ends_early_is_noticed(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", header("(4, 4)") + bytes(100))
        archive.filelist[0].file_size += 28
    with pytest.raises(InputError, match=r"a\.npz: a ends after 100 of 128 bytes; the file is truncated"):
        read_array(tmp_path / "a.npz")


def test_more_members_than_are_read(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", a=np.eye(2), b=np.eye(2), c=np.eye(2))
    monkeypatch.setattr("minimand.io.numpy_files.MOST_MEMBERS", 2)
    with pytest.raises(InputError, match=r"a\.npz: has 3 members, more than 2; split the file"):
        read_array(tmp_path / "a.npz")


@pytest.mark.skipif(np.finfo(np.longdouble).maxexp < 2000, reason="needs long doubles that are longer than doubles")
def test_numbers_beyond_double_precision_become_infinite_without_a_warning(tmp_path):
    np.save(tmp_path / "a.npy", np.full((2, 2), "1e4000", np.longdouble))
    assert np.isposinf(read_array(tmp_path / "a.npy").array).all()
