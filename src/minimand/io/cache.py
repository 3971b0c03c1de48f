"""What took long to compute, kept in the user's folder for such things under the hash of what it was computed from."""

import os
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from minimand.io.atomic import atomic_writer
from minimand.io.errors import InputError
from minimand.io.numpy_files import load_npz, write_npz

CEILING = 2 * 2**30  # bytes of one kind; the files used longest ago go first


def cache_folder() -> Path:
    """MINIMAND_CACHE, else minimand in the user's folder for such things."""
    if named := os.environ.get("MINIMAND_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "minimand"


def kept(kind: str, digest: str) -> dict[str, np.ndarray]:
    """The arrays that `keep` kept; none where there are none, or where their file is damaged."""
    file = cache_folder() / kind / f"{digest}.npz"
    with suppress(OSError, InputError, KeyError, ValueError, zipfile.BadZipFile):
        with zipfile.ZipFile(file) as archive:
            found = {name[:-4]: load_npz(file, archive, name[:-4]) for name in archive.namelist()}
        os.utime(file)
        return found
    return {}


def keep(kind: str, digest: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Keep arrays for the next time. Files appear whole, the last writer's stays; a disk that is full or cannot be
    written to costs time, not the result.
    """
    folder = cache_folder() / kind
    with suppress(OSError, InputError):
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_writer(folder / f"{digest}.npz", force=True) as stream:
            write_npz(stream, arrays)
        _trim(folder)


def _trim(folder: Path) -> None:
    """Remove the files used longest ago until the rest fits under CEILING."""
    files = []
    for file in folder.glob("*.npz"):
        with suppress(FileNotFoundError):  # another process may be removing them as well
            files.append((file.stat().st_mtime, file.stat().st_size, file))
    left = sum(size for _, size, _ in files)
    for _, size, file in sorted(files):
        if left <= CEILING:
            return
        file.unlink(missing_ok=True)
        left -= size
