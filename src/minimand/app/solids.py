"""Surfaces for the page: light enough to be turned, with a descriptor at every vertex."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from minimand.app.out import Out
from minimand.io.meshes import Mesh
from minimand.systems.shapes.pictures import upright

SHOWN = 6000  # vertices of a surface on the page
DETAIL = 220  # cells along the longest side that are tried first
COARSER = 0.85


def solid(out: Out, name: str, mesh: Mesh, columns: Float[np.ndarray, "vertices columns"], **more: Any) -> dict:
    """A surface for the page, upright and within a unit box, with `columns` as colours to choose from."""
    vertices, faces, columns = lighter(upright(mesh.vertices), mesh.faces, columns)
    files = {"points": out.levels(vertices), "columns": out.levels(columns.T)}
    described = {key: {"file": file, "low": low, "high": high} for key, (file, low, high) in files.items()}
    size = {"vertices": len(vertices), "faces": len(faces)}
    return {"name": name, **described, **size, "corners": out.indices(faces), **more}


def lighter(
    vertices: np.ndarray, faces: np.ndarray, columns: np.ndarray, most: int = SHOWN
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A surface of `most` vertices or fewer: those within a cell of a grid become their mean.

    Source: Rossignac and Borrel (1993).
    """
    cells = DETAIL
    while len(vertices) > most:
        size = np.ptp(vertices, axis=0).max() / cells
        places = np.floor((vertices - vertices.min(0)) / size).astype(np.int64)
        _, where, count = np.unique(places, axis=0, return_inverse=True, return_counts=True)
        if len(count) > most:
            cells = int(COARSER * cells)
            continue
        where = where.reshape(-1)
        vertices, columns = (_means(x, where, count) for x in (vertices, columns))
        faces = where[faces]
        a, b, c = faces.T
        faces = np.unique(faces[(a != b) & (b != c) & (c != a)], axis=0)
    return vertices, faces, columns


def _means(x: np.ndarray, where: np.ndarray, count: np.ndarray) -> np.ndarray:
    sums: Sequence[np.ndarray] = [np.bincount(where, column, minlength=len(count)) for column in x.T]
    return np.stack(sums, 1) / count[:, None]
