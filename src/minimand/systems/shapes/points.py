"""Triangles for a point cloud: what the neighbours of each point look like on its tangent plane, and who agrees."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import Delaunay, QhullError, cKDTree

from minimand.io import InputError

NEIGHBOURS = 24
LEAST = 32  # points
MOST = 100_000


def triangulated(
    points: Float[np.ndarray, "points 3"], name: str | Path
) -> tuple[Float[np.ndarray, "kept 3"], Int[np.ndarray, "faces 3"]]:
    """The points, each once, and triangles between them.

    Each point has a Delaunay triangulation of its 24 nearest neighbours, projected to their plane of largest variance;
    a triangle is taken that two of its corners have. Raises InputError for fewer than 32 points or more than 100 000.
    Source: Sharp and Crane (2020), sec. 5.7, for the local triangulations; the vote is ours.
    """
    points = np.unique(points, axis=0)
    if not LEAST <= len(points) <= MOST:
        raise InputError(f"{name}: {len(points)} different points and no faces; a cloud of {LEAST} to {MOST} is taken.")
    near = cKDTree(points).query(points, min(NEIGHBOURS, len(points)))[1]
    local = points[near] - points[near].mean(1, keepdims=True)
    axes = np.linalg.svd(local, full_matrices=False)[2][:, :2]
    planes = np.einsum("nkd,nad->nka", local, axes)
    try:
        stars = [near[k][_star(planes[k])] for k in range(len(points))]
    except QhullError as error:
        raise InputError(f"{name}: its points lie on a line; they make no surface.") from error
    faces, votes = np.unique(np.sort(np.concatenate(stars), axis=1), axis=0, return_counts=True)
    return points, faces[votes > 1]


def _star(plane: Float[np.ndarray, "near 2"]) -> Int[np.ndarray, "triangles 3"]:
    """The triangles around the first point."""
    triangles = Delaunay(plane).simplices
    return triangles[(triangles == 0).any(1)]
