"""A collection of shapes: a folder whose sub-folders are classes, or one .npz that holds many meshes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from minimand.io import InputError
from minimand.io.errors import reading
from minimand.io.meshes import MESHES, Mesh, check_mesh, read_mesh

KEYS = ("names", "labels", "voff", "foff", "V", "F")


@dataclass(frozen=True)
class Entry:
    """One shape. name: its path within the collection; label: its class, if any; state: changes when the file does."""

    name: str
    label: str | None
    state: str
    read: Callable[[], Mesh]
    path: Path | None = None


def read_collection(source: Path) -> list[Entry]:
    """The shapes of a folder or a set, in the order of their names, none of them read yet.

    A folder's own files have no class; those in a sub-folder, however deep, have its name. A set is a .npz with V, F
    (all vertices and faces), voff, foff (where each mesh begins and ends in them), names and labels.
    Raises InputError where there is no shape.
    """
    if source.suffix.lower() == ".npz" and source.is_file():
        return _set(source)
    if not source.is_dir():
        raise InputError(f"{source}: is no folder of shapes; name a folder, its sub-folders being classes.")
    files = sorted(file for file in source.rglob("*") if file.suffix.lower() in MESHES and file.is_file())
    entries = []
    for file in files:
        inside = file.relative_to(source)
        if any(part.startswith(".") for part in inside.parts):
            continue
        label, stat = inside.parts[0] if len(inside.parts) > 1 else None, file.stat()
        state = f"{stat.st_size} {stat.st_mtime_ns}"
        entries.append(Entry(inside.as_posix(), label, state, partial(read_mesh, file), file.resolve()))
    if not entries:
        raise InputError(f"{source}: the folder holds no shapes; the formats are {' '.join(MESHES)}.")
    return entries


def _set(source: Path) -> list[Entry]:
    with reading(source, ".npz"), np.load(source, allow_pickle=False) as archive:
        if missing := [key for key in KEYS if key not in archive.files]:
            raise InputError(f"{source}: a set of meshes has {', '.join(KEYS)}; {', '.join(missing)} are missing.")
        found = {key: archive[key] for key in KEYS}
    vertices, faces, voff, foff = (found[key] for key in ("V", "F", "voff", "foff"))
    n = len(found["names"])
    for offsets, array in ((voff, vertices), (foff, faces)):
        if offsets.shape != (n + 1,) or array.ndim != 2 or array.shape[1] != 3 or (np.diff(offsets) < 0).any():
            raise InputError(f"{source}: offsets and arrays do not fit together for {n} meshes.")
    state = f"{source.stat().st_size} {source.stat().st_mtime_ns}"
    return [
        Entry(
            str(name), str(label), state,
            partial(_mesh, f"{source}:{name}", vertices[voff[k] : voff[k + 1]], faces[foff[k] : foff[k + 1]]),
        )
        for k, (name, label) in enumerate(zip(found["names"], found["labels"], strict=True))
    ]  # fmt: skip


def _mesh(name: str, vertices: np.ndarray, faces: np.ndarray) -> Mesh:
    mesh = Mesh(vertices.astype(np.float64), faces.astype(np.int64))
    check_mesh(name, mesh.vertices, mesh.faces)
    return mesh
