"""Spectra of surfaces, kept on disk under the hash of what they were computed from."""

import hashlib

import numpy as np

from minimand.io.cache import keep, kept
from minimand.io.meshes import Mesh
from minimand.systems.shapes.laplacian import PAIRS, Eigenpairs, eigenpairs

VERSION = 2  # of the computation: a new one forgets what the old one kept
KIND = "eigenpairs"


def cached_eigenpairs(mesh: Mesh, pairs: int = PAIRS) -> Eigenpairs:
    """`eigenpairs` of a mesh, from disk where they were computed before; a damaged file is computed again."""
    name = digest(mesh, pairs)
    before = kept(KIND, name)
    if set(before) == set(Eigenpairs._fields):
        values, functions, areas, area = (before[field] for field in Eigenpairs._fields)
        return Eigenpairs(values, functions, areas, float(area))
    found = eigenpairs(mesh.vertices, mesh.faces, pairs)
    keep(KIND, name, {field: np.asarray(value) for field, value in found._asdict().items()})
    return found


def digest(mesh: Mesh, pairs: int) -> str:
    """sha256 of vertices, faces, number of pairs and version."""
    total = hashlib.sha256(f"{VERSION} {pairs} {mesh.vertices.shape} {mesh.faces.shape}".encode())
    for array in (mesh.vertices, mesh.faces):
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()
