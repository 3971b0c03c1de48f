"""MATLAB files: the pages lead, whatever wrote them; a crash of the parser is an error message."""

import contextlib
import struct
import zlib

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from minimand.io import InputError, read_array, write_array
from minimand.io.child import Child
from minimand.io.matlab_child import check_variables
from minimand.io.stored import pages_first, pages_last


@pytest.mark.parametrize("shape", [(5, 6), (3, 5, 6), (20, 3, 30), (2, 3, 5, 6)])
def test_a_round_trip_is_exact(tmp_path, rng, shape):
    array = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    write_array(tmp_path / "a.mat", array, key="kspace", siblings={"mask": array[..., :, :].real > 0})
    stored = read_array(tmp_path / "a.mat", prefer=["kspace"])
    np.testing.assert_array_equal(stored.array, array)
    assert stored.key == "kspace"
    assert stored.siblings["mask"][0] == pages_last(array).shape
    np.testing.assert_array_equal(scipy.io.loadmat(tmp_path / "a.mat")["kspace"], pages_last(array))


def test_pages_first_and_last_are_inverses(rng):
    array = rng.normal(size=(2, 3, 4, 5))
    assert pages_last(array).shape == (4, 5, 3, 2)
    np.testing.assert_array_equal(pages_first(pages_last(array)), array)


@pytest.mark.parametrize(
    ("shape", "slices"), [((16, 16, 3), 3), ((16, 12, 3), 3), ((16, 16, 40), 40), ((3, 16, 12), 3)]
)
def test_slices_come_last_in_matlab_and_often_first_in_files_of_scipy(tmp_path, rng, shape, slices):
    array = rng.normal(size=shape)
    scipy.io.savemat(tmp_path / "a.mat", {"image": array})
    stored = read_array(tmp_path / "a.mat")
    assert len(stored.array) == slices
    assert bool(stored.notes) == (shape[0] == slices)


def test_fields_of_structs_are_named(tmp_path):
    inner = {"picks": np.eye(3) * 1j, "label": "text"}
    scipy.io.savemat(tmp_path / "a.mat", {"mask": inner, "rows": scipy.sparse.eye(4).tocsc()})
    for spelling in ("mask/picks", "mask.picks"):
        np.testing.assert_array_equal(read_array(f"{tmp_path}/a.mat:{spelling}").array, inner["picks"])
    np.testing.assert_array_equal(read_array(tmp_path / "a.mat:rows").array, np.eye(4))


def test_changed_bytes_never_crash_this_process(tmp_path):
    scipy.io.savemat(tmp_path / "good.mat", {"image": np.arange(12.0).reshape(3, 4), "s": {"a": np.eye(2)}})
    good = (tmp_path / "good.mat").read_bytes()
    for place in (124, 132, 152, len(good) - 40):
        bad = bytearray(good)
        bad[place] ^= 0xFF
        (tmp_path / "bad.mat").write_bytes(bad)
        with contextlib.suppress(InputError):
            assert isinstance(read_array(tmp_path / "bad.mat:image").array, np.ndarray)


def test_a_parser_that_hangs_or_dies_is_an_error_message(tmp_path, monkeypatch):
    script = tmp_path / "child.py"
    child = Child(script)
    monkeypatch.setattr("minimand.io.matlab.PARSER", child)
    scipy.io.savemat(tmp_path / "a.mat", {"image": np.eye(3)})
    script.write_text("import os; input(); os.abort()")
    with pytest.raises(InputError, match="the parser crashed"):
        read_array(tmp_path / "a.mat")
    monkeypatch.setattr("minimand.io.matlab.SECONDS", 0.5)
    script.write_text("import time; time.sleep(60)")
    with pytest.raises(InputError, match="not parsed within"):
        read_array(tmp_path / "a.mat")
    child.close()


def test_a_name_that_matlab_cannot_have_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(InputError, match="name of a MATLAB variable"):
        write_array(tmp_path / "a.mat", np.eye(3), key="1st image")
    assert not list(tmp_path.iterdir())


def test_text_only_is_no_array(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"s": "text"})
    with pytest.raises(InputError, match="no array of numbers"):
        read_array(tmp_path / "a.mat")


def test_a_file_named_from_the_folder_at_hand_is_found_wherever_the_parser_began(tmp_path, monkeypatch):
    scipy.io.savemat(tmp_path / "a.mat", {"image": np.eye(3)})
    read_array(tmp_path / "a.mat")
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(read_array("a.mat").array, np.eye(3))


def test_more_than_the_format_holds_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(InputError, match=r"image has 2\.0 GiB, \.mat v5 holds up to 2 GiB; write \.h5 instead"):
        write_array(tmp_path / "a.mat", np.broadcast_to(np.zeros(1), (2**14, 2**14)), key="image")
    assert not list(tmp_path.iterdir())


def packed(declared: int, body: bytes) -> bytes:
    """A compressed variable that says it has `declared` bytes."""
    content = zlib.compress(struct.pack("<II", 14, declared) + body)
    return struct.pack("<II", 15, len(content)) + content


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        (struct.pack("<II", 14, 4000) + bytes(40), "is said to have 4000 bytes, the file ends after 40"),
        (packed(4000, bytes(40)), "is said to have 4000 bytes and unpacks to 40"),
        (packed(2**31, bytes(40)), "unpack to 2147483648 bytes, 1000000 at most"),
        (
            struct.pack("<IIIIQIIii", 14, 40, 6, 8, 6, 5, 8, -3, 4) + bytes(8),
            r"has the impossible shape \(-3, 4\)",
        ),
    ],
)
def test_variables_that_are_not_whole_are_refused_before_scipy_sees_them(tmp_path, variable, said):
    content = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + variable
    with pytest.raises(ValueError, match=said):
        check_variables(content, 1_000_000)
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.mat: cannot be read as mat"):
        read_array(tmp_path / "a.mat")
