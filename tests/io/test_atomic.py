"""Outputs appear whole or not at all."""

import os
import stat
import subprocess
import sys

import pytest

from minimand.io import (
    InputError,
    atomic_writer,
    check_folder,
    check_output,
    ensure_folder_for_report,
    record_path,
    write_text_atomic,
)


def test_a_block_that_fails_leaves_nothing_and_the_old_file_as_it_was(tmp_path):
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")

    def fail(error: type[BaseException]) -> None:
        with atomic_writer(path, force=True) as file:
            file.write(b"half")
            raise error

    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error):
            fail(error)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.bin"]


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    with pytest.raises(InputError, match="No space left"), atomic_writer(tmp_path / "a.bin"):
        raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_the_file_is_not_there_before_the_block_ends(tmp_path):
    with atomic_writer(tmp_path / "a.bin") as file:
        file.write(b"data")
        assert not (tmp_path / "a.bin").exists()
    assert (tmp_path / "a.bin").read_bytes() == b"data"


def test_permissions_follow_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        write_text_atomic(tmp_path / "a.txt", "text")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_an_existing_output_needs_force_and_so_does_its_record(tmp_path):
    write_text_atomic(tmp_path / "a.txt", "one")
    with pytest.raises(InputError, match="--force"):
        write_text_atomic(tmp_path / "a.txt", "two")
    write_text_atomic(tmp_path / "a.txt", "two", force=True)
    assert (tmp_path / "a.txt").read_text() == "two"
    record_path(tmp_path / "b.npz").touch()
    check_output(tmp_path / "b.npz")
    with pytest.raises(InputError, match=r"b\.npz\.json: exists"):
        check_output(tmp_path / "b.npz", record=True)


def test_a_missing_folder_a_file_as_folder_and_a_device_are_refused(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path, words in (
        (tmp_path / "none" / "a.txt", "does not exist"),
        (tmp_path / "file" / "a.txt", "does not exist"),
        (tmp_path / "folder", "not a regular file"),
        (os.devnull, "not a regular file"),
    ):
        with pytest.raises(InputError, match=words):
            write_text_atomic(path, "text", force=True)


def test_an_unwritable_folder_is_refused_early_and_late(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="not writable"):
        check_output(tmp_path / "a.txt")
    with pytest.raises(InputError, match="not writable"):
        check_folder(tmp_path / "report")
    with pytest.raises(InputError, match="the folder is not writable; choose another one"):
        check_folder(tmp_path)
    monkeypatch.undo()

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        write_text_atomic(tmp_path / "a.txt", "text")


def test_a_report_folder_is_made_but_never_filled_over(tmp_path):
    folder = tmp_path / "report"
    assert check_folder(folder) == folder
    assert not folder.exists()
    assert ensure_folder_for_report(folder).is_dir()
    (folder / "index.html").touch()
    with pytest.raises(InputError, match="not empty"):
        ensure_folder_for_report(folder)
    ensure_folder_for_report(folder, force=True)
    with pytest.raises(InputError, match="does not exist"):
        ensure_folder_for_report(tmp_path / "no" / "report")
    with pytest.raises(InputError, match="is a file"):
        ensure_folder_for_report(folder / "index.html")


def test_where_a_file_without_a_name_cannot_get_one_it_is_copied(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    write_text_atomic(tmp_path / "a.txt", "text")
    assert (tmp_path / "a.txt").read_text() == "text"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_process_that_is_killed_while_it_writes_leaves_nothing(tmp_path):
    script = f"""
import os, signal
from minimand.io import atomic_writer
with atomic_writer({str(tmp_path / "a.bin")!r}) as file:
    file.write(b"half" * 10000)
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script], check=False)
    assert [name for name in os.listdir(tmp_path) if not name.startswith(".")] == []
    if hasattr(os, "O_TMPFILE"):
        assert os.listdir(tmp_path) == []


def test_a_report_folder_that_the_system_refuses_is_told(tmp_path):
    with pytest.raises(InputError, match=r"cannot be created \(File name too long\); choose another folder"):
        ensure_folder_for_report(tmp_path / ("x" * 300))
