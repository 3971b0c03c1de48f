"""Triangle meshes to .off, .obj and .ply files: every coordinate comes back as it was."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import atomic_writer, check_output
from .errors import InputError
from .meshes import Mesh, check_mesh
from .record import write_record

WRITABLE = (".off", ".obj", ".ply")


def write_mesh(
    path: str | Path, mesh: Mesh, *, record: Mapping[str, Any] | None = None, force: bool = False
) -> str:  # fmt: skip
    """Write a mesh or a point cloud, atomically, with its record beside it; returns in words how it was stored.

    Raises InputError for another suffix, a mesh that cannot be, an output that exists (unless `force`).
    """
    path = check_mesh_output(path, force, record=record is not None)
    check_mesh(path, mesh.vertices, mesh.faces)
    suffix = path.suffix.lower()
    content = {".off": _off, ".obj": _obj, ".ply": _ply}[suffix](mesh)
    with atomic_writer(path, force) as file:
        file.write(content)
    if record is not None:
        counts = {"vertices": len(mesh.vertices), "faces": len(mesh.faces)}
        write_record(path, {**record, "output": {"file": path.name, "format": suffix, **counts}}, force)
    return "binary, double precision" if suffix == ".ply" else "text, every digit that counts"


def check_mesh_output(path: str | Path, force: bool = False, *, record: bool = False) -> Path:
    """The output path, if `write_mesh` could write it. Raises InputError."""
    path = Path(path)
    if path.suffix.lower() not in WRITABLE:
        raise InputError(f"{path}: a mesh is written as {' '.join(WRITABLE)}.")
    return check_output(path, force, record=record)


def _lines(start: str, rows: np.ndarray) -> str:
    """A line for each row; numbers of floats are the shortest that give them back."""
    return "".join(f"{start}{' '.join(map(repr, row))}\n" for row in rows.tolist())


def _off(mesh: Mesh) -> bytes:
    head = f"OFF\n{len(mesh.vertices)} {len(mesh.faces)} 0\n"
    return (head + _lines("", mesh.vertices) + _lines("3 ", mesh.faces)).encode()


def _obj(mesh: Mesh) -> bytes:
    return (_lines("v ", mesh.vertices) + _lines("f ", mesh.faces + 1)).encode()


def _ply(mesh: Mesh) -> bytes:
    axes = "".join(f"property double {axis}\n" for axis in "xyz")
    head = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(mesh.vertices)}\n{axes}"
        f"element face {len(mesh.faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    corners = np.zeros(len(mesh.faces), [("count", "u1"), ("corners", "<i4", 3)])
    corners["count"], corners["corners"] = 3, mesh.faces
    return head.encode() + mesh.vertices.astype("<f8").tobytes() + corners.tobytes()
