"""The OFF format: a head with the counts, a line a vertex, a line a polygon."""

from pathlib import Path

import numpy as np

from .errors import InputError
from .meshes import Mesh, check_counts, fans, text_lines


def read(path: Path, data: bytes) -> Mesh:
    """The mesh of an OFF file (OFF, COFF, NOFF: colours and normals are passed over). Raises InputError."""
    rows = [words for line in text_lines(path, data) if (words := line.partition("#")[0].split())]
    if not rows or not rows[0][0].endswith("OFF"):
        raise InputError(f"{path}: does not begin with OFF, as such a file does.")
    if rows[0][-1] == "BINARY" or rows[0][0].startswith(("4", "n", "ST4")):
        raise InputError(f"{path}: {' '.join(rows[0])} is not read; write it as a plain OFF file.")
    rows = ([rows[0][1:]] if rows[0][1:] else []) + rows[1:]
    if not rows or len(rows[0]) < 2:
        raise InputError(f"{path}: the numbers of vertices and faces are missing; it is cut or damaged.")
    n, m = int(rows[0][0]), int(rows[0][1])
    check_counts(path, len(data), {"vertices": (n, 6), "faces": (m, 2)})
    rows = rows[1:]
    if len(rows) < n + m:
        have = f"{len(rows)} of {n} vertices" if len(rows) < n else f"{len(rows) - n} of {m} faces"
        raise InputError(f"{path}: ends after {have}; it is cut: export or copy it again.")
    for k, row in enumerate(rows[:n]):
        if len(row) < 3:
            raise InputError(f"{path}: vertex {k} has {len(row)} coordinates; the file is cut or damaged.")
    for k, row in enumerate(rows[n : n + m]):
        if not 0 <= int(row[0]) < len(row):
            raise InputError(f"{path}: face {k} has {len(row) - 1} of {row[0]} corners; the file is cut or damaged.")
    vertices = np.array([row[:3] for row in rows[:n]], np.float64).reshape(-1, 3)
    return Mesh(vertices, fans([[int(w) for w in row[1 : 1 + int(row[0])]] for row in rows[n : n + m]]))
