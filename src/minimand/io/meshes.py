"""Triangle meshes and point clouds from .off, .obj, .ply and .stl files, checked before anyone computes with them."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from .errors import InputError, reading
from .limits import free_bytes

MESHES = (".off", ".obj", ".ply", ".stl")
MOST = 2_000_000  # vertices, and faces, of one mesh


class Mesh(NamedTuple):
    """vertices: float64, (vertices, 3). faces: corners of each triangle, counted from 0; none in a point cloud.

    notes: one line each, for the user.
    """

    vertices: Float[np.ndarray, "vertices 3"]
    faces: Int[np.ndarray, "faces 3"]
    notes: tuple[str, ...] = ()


def read_mesh(path: str | Path) -> Mesh:
    """The mesh in a file; polygons are cut into triangles, fans around their first corner.

    Raises InputError for a file that is missing, of another format, cut, damaged, too large, that holds no vertex, a
    coordinate that is not finite or a face whose corners are not there.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if not path.exists():
        raise InputError(f"{path}: no such file.{_hint(path)}")
    if not path.is_file():
        raise InputError(f"{path}: a file is needed, a mesh ({' '.join(MESHES)}).")
    if suffix not in MESHES:
        raise InputError(f"{path}: is no mesh by its name; the formats are {' '.join(MESHES)}.")
    if path.stat().st_size > free_bytes() // 8:
        raise InputError(f"{path}: {path.stat().st_size / 2**30:.1f} GiB are too large to read; simplify the mesh.")
    read: Callable[[Path, bytes], Mesh] = import_module(f"minimand.io.{suffix[1:]}").read
    with reading(path, suffix[1:].upper()):
        mesh = read(path, path.read_bytes())
    check_mesh(path, mesh.vertices, mesh.faces)
    return mesh


def check_mesh(path: Path | str, vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]) -> None:
    """Raise InputError where there is no vertex, one is not finite or a corner of a face is not there."""
    if not len(vertices):
        raise InputError(f"{path}: holds no vertex.")
    if not np.isfinite(vertices).all():
        bad = int(np.flatnonzero(~np.isfinite(vertices).all(1))[0])
        raise InputError(f"{path}: vertex {bad} is {vertices[bad].tolist()}, not finite; repair or export it again.")
    if len(faces) and (faces.min() < 0 or faces.max() >= len(vertices)):
        bad = int(np.flatnonzero(((faces < 0) | (faces >= len(vertices))).any(1))[0])
        raise InputError(
            f"{path}: triangle {bad} has corners {faces[bad].tolist()}, but there are {len(vertices)} vertices, "
            "counted from 0; the file is cut or damaged."
        )


def check_counts(path: Path, size: int, counts: Mapping[str, tuple[int, int]]) -> None:
    """Raise InputError where a file of `size` bytes cannot hold what its head declares, or it is more than MOST.

    counts: for each kind of thing how many there are and the least bytes of one.
    """
    for kind, (count, least) in counts.items():
        if count < 0 or count * least > size:
            raise InputError(f"{path}: declares {count} {kind}, but has {size} bytes; it is cut or damaged.")
        if count > MOST:
            raise InputError(f"{path}: declares {count} {kind}, at most {MOST} are read; simplify the mesh.")


def fans(polygons: Sequence[Sequence[int]]) -> Int[np.ndarray, "faces 3"]:
    """Triangles of polygons, each a fan around its first corner; polygons of fewer than three corners have none."""
    if all(len(p) == 3 for p in polygons):
        return np.array(polygons, np.int64).reshape(-1, 3)
    triangles = [(p[0], p[k], p[k + 1]) for p in polygons for k in range(1, len(p) - 1)]
    return np.array(triangles, np.int64).reshape(-1, 3)


def text_lines(path: Path, data: bytes) -> list[str]:
    """The lines of a text file. Raises InputError where it is none."""
    try:
        return data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        pass
    if b"\0" in data:
        raise InputError(f"{path}: holds bytes that are no text; binary files of this format are not read.")
    return data.decode("latin-1").splitlines()


def _hint(path: Path) -> str:
    try:
        names = [p.name for p in path.parent.iterdir()]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1)
    return f" Did you mean {near[0]}?" if near else ""
