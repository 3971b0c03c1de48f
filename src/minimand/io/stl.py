"""The STL format, binary and text: every triangle with corners of its own."""

import re
from pathlib import Path

import numpy as np

from .errors import InputError
from .meshes import MOST, Mesh

HEAD, EACH = 84, 50  # bytes
VERTEX = re.compile(rb"vertex\s+(\S+)\s+(\S+)\s+(\S+)")


def read(path: Path, data: bytes) -> Mesh:
    """The triangles of an STL file, their corners not yet joined. Raises InputError."""
    declared = int.from_bytes(data[80:HEAD], "little") if len(data) >= HEAD else -1
    if len(data) == HEAD + EACH * declared:
        corners = _binary(path, data, declared)
    elif data.lstrip()[:5].lower() == b"solid" and b"\0" not in data:
        corners = _text(path, data)
    else:
        have = f"declares {declared} triangles and has {len(data)} bytes" if declared >= 0 else "has no head"
        raise InputError(f"{path}: {have}; it is cut, damaged or no STL file.")
    return Mesh(corners, np.arange(len(corners)).reshape(-1, 3))


def _binary(path: Path, data: bytes, count: int) -> np.ndarray:
    if count > MOST:
        raise InputError(f"{path}: has {count} triangles, at most {MOST} are read; simplify the mesh.")
    rows = np.frombuffer(
        data, np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("more", "<u2")]), offset=HEAD
    )
    return rows["corners"].reshape(-1, 3).astype(np.float64)


def _text(path: Path, data: bytes) -> np.ndarray:
    if b"endsolid" not in data.lower():
        raise InputError(f"{path}: ends without endsolid; it is cut: export or copy it again.")
    found = VERTEX.findall(data.lower())
    if len(found) != 3 * len(re.findall(rb"\bendfacet\b", data.lower())) or len(found) > 3 * MOST:
        raise InputError(f"{path}: a facet does not have three vertices, or there are more than {MOST}.")
    return np.array(found, np.bytes_).astype(np.float64).reshape(-1, 3)
