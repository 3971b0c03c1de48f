"""Outputs appear whole or not at all: a temporary file in the same folder, flushed to disk, then renamed."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from .errors import InputError


def check_output(path: str | Path, force: bool = False, *, record: bool = False) -> Path:
    """The output path, if it can be written: call this before long work.

    record: `PATH.json` will be written too. Raises InputError when the folder is missing or not writable, or the
    file exists and `force` is False.
    """
    path = Path(path)
    folder = path.parent
    if not folder.is_dir():
        raise InputError(f"{path}: the folder {folder} does not exist; create it or choose another output.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path}: the folder {folder} is not writable; choose another output.")
    files = [path, record_path(path)] if record else [path]
    if path.suffix.lower() in (".cfl", ".hdr"):
        files += [path.with_suffix(".cfl"), path.with_suffix(".hdr")]
    for file in files:
        if os.path.lexists(file) and not file.is_file():
            raise InputError(f"{file}: exists and is not a regular file; choose another output.")
        if file.exists() and not force:
            raise InputError(f"{file}: exists already; choose another output or add --force to overwrite it.")
    return path


def record_path(path: Path) -> Path:
    """Where the record of an output lies: `out.npz` -> `out.npz.json`."""
    return path.with_name(path.name + ".json")


@contextmanager
def atomic_writer(path: str | Path, force: bool = False) -> Iterator[IO[bytes]]:
    """A binary file that takes the name `path` only when the block ends well; otherwise nothing is left behind.

    A process killed by the system in the instant between naming the finished file and moving it to `path` leaves it
    whole, as `.NAME.*.part`: Linux cannot give a file without a name that of another in one step.
    Raises InputError as `check_output` does, and when the disk refuses.
    """
    path = check_output(path, force)
    part = path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}.part")
    try:
        with os.fdopen(_begin(part), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if not part.exists():
                _name(file, part)
        os.replace(part, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error}); choose another output.") from error
    finally:
        with suppress(OSError):
            part.unlink()


def _begin(part: Path) -> int:
    """A new file, open for writing: without a name, so that it goes with a process that is killed, where the system
    has such files; else called `part`.
    """
    # not by tempfile: the finished file gets the permissions the user's umask asks for
    if hasattr(os, "O_TMPFILE") and os.path.isdir("/proc/self/fd"):
        with suppress(OSError):  # not every file system can
            return os.open(part.parent, os.O_TMPFILE | os.O_RDWR, 0o666)
    return os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)


def _name(file: IO[bytes], part: Path) -> None:
    """Give a file without a name one, or a copy of it where the system will not."""
    try:
        # the folder is not looked at, but without one Python takes a call that does not follow the link
        os.link(f"/proc/self/fd/{file.fileno()}", part, src_dir_fd=file.fileno(), follow_symlinks=True)
    except OSError:
        with open(part, "xb") as copy:
            file.seek(0)
            shutil.copyfileobj(file, copy)
            copy.flush()
            os.fsync(copy.fileno())


def write_text_atomic(path: str | Path, text: str, force: bool = False) -> None:
    """Write UTF-8 text atomically. Raises InputError as `check_output` does."""
    with atomic_writer(path, force) as file:
        file.write(text.encode())


def check_folder(folder: str | Path, force: bool = False) -> Path:
    """The folder of a report, if it can be made or filled; creates nothing. Call this before long work.

    Raises InputError when its parent is missing or not writable, or it exists with content and `force` is False.
    """
    folder = Path(folder)
    if os.path.lexists(folder):
        if not folder.is_dir():
            raise InputError(f"{folder}: is a file, a folder is needed for the report; choose another name.")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError(f"{folder}: the folder is not writable; choose another one.")
        if any(folder.iterdir()) and not force:
            raise InputError(f"{folder}: is not empty; choose another folder or add --force to overwrite its report.")
        return folder
    parent = folder.absolute().parent
    if not parent.is_dir():
        raise InputError(f"{folder}: the folder {folder.parent} does not exist; create it or choose another one.")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: the folder {folder.parent} is not writable; choose another one.")
    return folder


def ensure_folder_for_report(folder: str | Path, force: bool = False) -> Path:
    """The folder of a report, created if need be. Raises InputError as `check_folder` does."""
    folder = check_folder(folder, force)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be created ({error.strerror}); choose another folder.") from error
    return folder


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # some file systems cannot; the rename itself has happened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
