"""What was computed of a surface, kept on disk under the hash of what it was computed from."""

import hashlib
import os
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from minimand.io import InputError, atomic_writer
from minimand.io.meshes import Mesh
from minimand.io.numpy_files import load_npz, write_npz
from minimand.systems.shapes.laplacian import PAIRS, Eigenpairs, eigenpairs

VERSION = 1  # of the computation: a new one forgets what the old one kept
CEILING = 2 * 2**30  # bytes; the files used longest ago go first


def cache_folder() -> Path:
    """MINIMAND_CACHE, else minimand in the user's folder for such things."""
    if named := os.environ.get("MINIMAND_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "minimand"


def cached_eigenpairs(mesh: Mesh, pairs: int = PAIRS) -> Eigenpairs:
    """`eigenpairs` of a mesh, from disk where they were computed before; a damaged file is computed again."""
    folder = cache_folder() / "eigenpairs"
    file = folder / f"{digest(mesh, pairs)}.npz"
    with suppress(OSError, InputError, KeyError, ValueError, zipfile.BadZipFile):
        with zipfile.ZipFile(file) as archive:
            values, functions, areas, area = (load_npz(file, archive, name) for name in Eigenpairs._fields)
        os.utime(file)
        return Eigenpairs(values, functions, areas, float(area))
    found = eigenpairs(mesh.vertices, mesh.faces, pairs)
    with suppress(OSError, InputError):  # a disk that is full or cannot be written to costs time, not the result
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_writer(file, force=True) as stream:
            write_npz(stream, {name: np.asarray(value) for name, value in found._asdict().items()})
        _trim(folder)
    return found


def digest(mesh: Mesh, pairs: int) -> str:
    """sha256 of vertices, faces, number of pairs and version."""
    total = hashlib.sha256(f"{VERSION} {pairs} {mesh.vertices.shape} {mesh.faces.shape}".encode())
    for array in (mesh.vertices, mesh.faces):
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


def _trim(folder: Path) -> None:
    """Remove the files used longest ago until the rest fits under CEILING."""
    files = sorted((file.stat().st_mtime, file.stat().st_size, file) for file in folder.glob("*.npz"))
    left = sum(size for _, size, _ in files)
    for _, size, file in files:
        if left <= CEILING:
            return
        file.unlink(missing_ok=True)
        left -= size
