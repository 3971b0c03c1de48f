"""Bad files, every format: one clear line naming the file, and nothing written."""

import contextlib
import os

import numpy as np
import pytest

from minimand.io import (
    WRITABLE,
    InputError,
    check_writable,
    read_array,
    read_images,
    read_kspace,
    read_mask,
    write_array,
)
from minimand.io.errors import reading

FORMATS = [s for s in WRITABLE if s != ".hdr"]
READERS = [read_array, read_images, read_kspace, read_mask]


def refused(call, *arguments) -> str:
    with pytest.raises(InputError) as caught:
        call(*arguments)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) <= 600
    return text


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", ["gone.npz", "gone.nii.gz", "gone/gone.h5", "gone.xyz", "gone"])
def test_a_missing_file(tmp_path, reader, name):
    assert "no such file" in refused(reader, tmp_path / name)


def test_a_missing_file_has_a_nearest_name(tmp_path, image):
    write_array(tmp_path / "kspace.npz", image)
    assert "Did you mean" in refused(read_array, tmp_path / "kspcae.npz:image")


@pytest.mark.parametrize("reader", READERS)
def test_a_wrong_key_and_a_key_where_there_are_none(tmp_path, reader, kspace):
    write_array(tmp_path / "k.npz", kspace, key="kspace")
    assert "no array 'kspcae'. Did you mean kspace?" in refused(reader, f"{tmp_path}/k.npz:kspcae")
    write_array(tmp_path / "k.npy", kspace)
    assert "names nothing" in refused(reader, f"{tmp_path}/k.npy:kspace")


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 0.99])
def test_a_truncated_file(tmp_path, rng, suffix, share):
    path = tmp_path / f"a{suffix}"
    write_array(path, rng.random((24, 24)))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert path.name in refused(read_array, path)


@pytest.mark.parametrize("suffix", [*FORMATS, ".jpg"])
def test_a_file_of_something_else(tmp_path, rng, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(rng.bytes(3000))
    path.with_suffix(".hdr").write_bytes(rng.bytes(300))
    assert path.stem in refused(read_array, path)


@pytest.mark.parametrize("suffix", [s for s in FORMATS if s not in (".mat", ".cfl")])
def test_changed_bytes_give_an_array_or_one_line(tmp_path, rng, suffix):
    path = tmp_path / f"a{suffix}"
    write_array(path, rng.random((6, 7)))
    content = path.read_bytes()
    for place in range(0, len(content), max(1, len(content) // 60)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        with contextlib.suppress(InputError):
            assert isinstance(read_array(path).array, np.ndarray)


def test_a_folder_or_an_unknown_format_where_a_file_is_needed(tmp_path):
    assert "folder" in refused(read_array, tmp_path)
    (tmp_path / "a.xyz").touch()
    assert "unknown format .xyz; the formats are" in refused(read_array, tmp_path / "a.xyz")


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_output_that_cannot_be_written(tmp_path, suffix):
    array = np.ones((4, 4))
    assert "does not exist" in refused(write_array, tmp_path / "none" / f"a{suffix}", array)
    (tmp_path / f"a{suffix}").write_bytes(b"mine")
    assert "exists already" in refused(write_array, tmp_path / f"a{suffix}", array)
    assert (tmp_path / f"a{suffix}").read_bytes() == b"mine"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_an_unwritable_folder(tmp_path):
    tmp_path.chmod(0o555)
    try:
        assert "not writable" in refused(check_writable, tmp_path / "a.npz")
    finally:
        tmp_path.chmod(0o755)


def test_a_name_full_of_control_characters_stays_one_line(tmp_path):
    assert refused(read_array, f"{tmp_path}/a\nb\x1b[31m.npy")


def test_a_file_that_memory_cannot_hold(tmp_path):
    with pytest.raises(InputError, match="x: does not fit into memory as DICOM; read a part of it"):  # noqa: SIM117
        with reading(tmp_path / "x", "DICOM"):
            raise MemoryError
