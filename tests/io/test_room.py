"""Arrays in memory and on disk are alike."""

import errno
import io
import os

import numpy as np
import pytest

from minimand.io import InputError, read_array, room, write_array
from minimand.io.limits import free_bytes

LAYOUTS = [("C", (5, 4, 3)), ("F", (5, 4, 3)), ("C", (0, 3)), ("C", ())]


@pytest.fixture
def on_disk(monkeypatch):
    monkeypatch.setattr(room, "SHARE", 2**60)


@pytest.mark.parametrize(("order", "shape"), LAYOUTS)
def test_an_array_on_disk_is_an_array(on_disk, order, shape):
    found = room.room(shape, "<c8", "a.nii", order)
    assert found.shape == shape
    assert found.dtype == np.complex64
    assert found.flags.f_contiguous if order == "F" else found.flags.c_contiguous
    assert not found.any()
    found[...] = 3j
    assert (found * 2 == 6j).all()


def test_what_is_small_beside_the_memory_stays_there():
    with room.memory_limit(2**30):
        assert room.memory() == 2**30
        assert room.fits(2**27)
        assert not room.fits(2**27 + 1)
        with room.memory_limit(1):
            assert room.memory() == room.LEAST
    assert 0 < room.memory() <= free_bytes()


def test_parts_cover_the_leading_axis_once(monkeypatch):
    monkeypatch.setattr(room, "PART", 100)
    array = np.arange(70, dtype=np.float64).reshape(35, 2)
    found = [array[part] for part in room.parts(array)]
    np.testing.assert_array_equal(np.concatenate(found), array)
    assert len(found[0]) == 6
    assert list(room.parts(np.zeros((2, 0)))) == [slice(0, 2)]


@pytest.mark.parametrize("order", ["C", "F"])
def test_filling_takes_the_bytes_that_are_there(monkeypatch, order):
    monkeypatch.setattr(room, "PART", 7)
    array = np.asarray(np.arange(6.0).reshape(2, 3), order=order)
    target = room.room((2, 3), float, "a", order)
    assert room.fill(target, io.BytesIO(array.tobytes("A") + b"more")) == 48
    np.testing.assert_array_equal(target, array)
    assert room.fill(room.room((9,), np.uint8, "a"), io.BytesIO(b"abc")) == 3


@pytest.mark.parametrize("dtype", [">f4", ">c16", "<i2", np.longdouble, np.clongdouble, bool])
def test_numbers_are_native_and_double_at_most(on_disk, dtype, tmp_path):
    array = np.asfortranarray(np.array([[1, 0, 1], [0, 1, 1]], dtype))
    found = room.numeric(tmp_path, "a", array)
    np.testing.assert_array_equal(found, array)
    assert found.dtype.isnative
    assert found.dtype.itemsize <= 16 if found.dtype.kind == "c" else found.dtype.itemsize <= 8
    assert found.flags.f_contiguous


def test_what_holds_no_numbers_is_refused(tmp_path):
    with pytest.raises(InputError, match="a holds <U1, not numbers"):
        room.numeric(tmp_path, "a", np.array(["x"]))


def test_a_copy_keeps_its_axes(on_disk):
    array = np.arange(6, dtype=">i4").reshape(2, 3).T
    np.testing.assert_array_equal(room.copied(array, np.dtype("<i4"), "a"), array)


def test_a_disk_without_room_is_told_at_once(on_disk, monkeypatch):
    def full(handle, start, size):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(InputError, match=r"a\.nii: needs .* the disk has no room .*--memory"):
        room.room((3,), float, "a.nii")


def test_the_folder_is_the_one_that_was_named(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert room.disk() == tmp_path
    monkeypatch.delenv("TMPDIR")
    assert room.disk().is_dir()


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.h5", "a.cfl", "a.nii", "a.nii.gz"])
def test_files_are_read_alike_from_disk(on_disk, tmp_path, name, rng):
    array = (rng.normal(size=(3, 2, 5, 4)) + 1j * rng.normal(size=(3, 2, 5, 4))).astype(np.complex64)
    write_array(tmp_path / name, array)
    np.testing.assert_array_equal(read_array(tmp_path / name).array, array)
    assert sorted(path.name for path in tmp_path.iterdir()) == (["a.cfl", "a.hdr"] if name == "a.cfl" else [name])
