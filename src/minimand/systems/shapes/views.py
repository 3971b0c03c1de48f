"""What a scanner sees of a surface from one side."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minimand.io.cache import keep, kept
from minimand.io.meshes import Mesh
from minimand.systems.shapes.cache import digest
from minimand.systems.shapes.laplacian import PAIRS, eigenpairs
from minimand.systems.shapes.network import log_moments, power
from minimand.systems.shapes.surface import largest_part, surface_of, triangle_areas

VIEWS = 12  # of each shape in a collection that scans are looked for in
PIXELS = 64  # of the depth buffer, along the longer side
BEHIND = 0.05  # how far behind the front a triangle may lie, in roots of the area
MOST = 4_000_000  # points that are drawn into the buffer

Direction = Float[np.ndarray, " 3"]


def directions(count: int) -> Float[np.ndarray, "count 3"]:
    """Unit vectors spread evenly over the sphere, on a spiral. Source: Swinbank and Purser (2006)."""
    k = np.arange(count) + 0.5
    z, angle = 1 - 2 * k / count, np.pi * (1 + 5**0.5) * k
    r = np.sqrt(1 - z**2)
    return np.stack([r * np.cos(angle), r * np.sin(angle), z], axis=1)


def seen_from(mesh: Mesh, direction: Direction) -> Mesh:
    """The largest connected part of what is seen of a surface from far away in this direction (a unit vector).

    A triangle is seen that faces the viewer and whose middle lies within 0.05 root areas of the front of a depth buffer
    of 64 pixels along the longer side. Corners of triangles must all go round the same way, seen from outside; which
    way that is, the sign of the volume tells.
    """
    corners = mesh.vertices[mesh.faces]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) @ direction
    inside_out = np.linalg.det(corners - mesh.vertices.mean(0)).sum() < 0
    kept = mesh.faces[((facing < 0) if inside_out else (facing > 0)) & _in_front(mesh, direction)]
    kept = largest_part(mesh.vertices, kept)
    used, faces = np.unique(kept, return_inverse=True)
    return Mesh(mesh.vertices[used], faces.reshape(-1, 3))


def view_moments(mesh: Mesh, count: int) -> Float[Tensor, "count 49 49"]:
    """`log_moments` of views of a surface from all around, from disk where they were computed before.

    Where nothing is seen, as of a sheet from behind, other views stand in, or the whole.
    """
    name = f"{digest(mesh, PAIRS)}-{count}"
    if "M" in (before := kept("views", name)):
        return torch.from_numpy(before["M"])
    parts = [part for direction in directions(count) if len((part := seen_from(mesh, direction)).faces)] or [mesh]
    found = [log_moments(eigenpairs(*surface_of(part, "a view")[:2])) for part in parts]
    M = torch.stack([found[k % len(found)] for k in range(count)])
    keep("views", name, {"M": M.numpy()})
    return M


def roots(M: Float[Tensor, "*batch d d"]) -> Float[Tensor, "*batch numbers"]:
    """Square roots of moments, as vectors."""
    return power(M.flatten(0, -3), 0.5).unflatten(0, M.shape[:-2])


def _in_front(mesh: Mesh, direction: Direction) -> Bool[np.ndarray, " faces"]:
    """Which triangles have their middle near the front of the depth buffer."""
    axes = np.linalg.svd(direction[None])[2]
    axes[0] = direction
    turned = mesh.vertices @ axes[[1, 2, 0]].T  # depth last, larger is nearer
    low, high = turned[:, :2].min(0), turned[:, :2].max(0)
    step = max(float((high - low).max()), 1e-300) / PIXELS
    corners = turned[mesh.faces]
    longest = float(np.abs(corners - corners[:, [1, 2, 0]])[..., :2].max())
    n = max(4, min(round(longest / step + 0.5), int((2 * MOST / len(mesh.faces)) ** 0.5)))  # parts of every side
    weights = [(i, j, n - i - j) for i in range(n + 1) for j in range(n + 1 - i)]
    points = (np.array(weights) / n) @ corners  # (faces, samples, 3)
    pixels = np.minimum((points[..., :2] - low) // step, PIXELS - 1).astype(np.int64)
    buffer = np.full((PIXELS, PIXELS), -np.inf)
    np.maximum.at(buffer, (pixels[..., 0].ravel(), pixels[..., 1].ravel()), points[..., 2].ravel())
    middle = corners.mean(1)
    place = np.minimum((middle[:, :2] - low) // step, PIXELS - 1).astype(np.int64)
    limit = BEHIND * np.sqrt(triangle_areas(mesh.vertices, mesh.faces).sum())
    near: Bool[np.ndarray, " faces"] = middle[:, 2] >= buffer[place[:, 0], place[:, 1]] - limit
    return near
