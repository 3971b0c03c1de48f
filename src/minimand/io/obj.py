"""The OBJ format: `v x y z` and `f a b c`, counted from 1 or backwards from the last; all else is passed over."""

from pathlib import Path

import numpy as np

from .errors import InputError
from .meshes import MOST, Mesh, fans, text_lines


def read(path: Path, data: bytes) -> Mesh:
    """The mesh of an OBJ file; materials, textures, normals and groups are passed over. Raises InputError."""
    vertices: list[list[float]] = []
    polygons: list[list[int]] = []
    lines = text_lines(path, data.replace(b"\\\r\n", b" ").replace(b"\\\n", b" "))
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0] not in ("v", "f"):
            continue
        try:
            if words[0] == "v":
                x, y, z = words[1:4]
                vertices.append([float(x), float(y), float(z)])
            else:
                corners = [int(word.partition("/")[0]) for word in words[1:]]
                polygons.append([c - 1 if c > 0 else len(vertices) + c if c else -1 for c in corners])
        except ValueError:
            raise InputError(
                f"{path}: line {number} of {len(lines)}, {line[:60]!r}, is no vertex or face; it is cut or damaged."
            ) from None
        if len(polygons[-1] if words[0] == "f" else (0, 0, 0)) < 3:
            raise InputError(f"{path}: the face in line {number} has fewer than 3 corners; it is cut or damaged.")
        if max(len(vertices), len(polygons)) > MOST:
            raise InputError(f"{path}: has more than {MOST} vertices or faces; simplify the mesh.")
    notes = () if data.endswith((b"\n", b"\r")) else ("the last line has no end: the file may be cut",)
    return Mesh(np.array(vertices, np.float64).reshape(-1, 3), fans(polygons), notes)
