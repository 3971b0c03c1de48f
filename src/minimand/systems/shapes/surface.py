"""From a mesh as it was read to a surface that spectra can be computed of, with a word on everything that was done."""

from pathlib import Path

import numpy as np
import scipy.sparse as sparse
from jaxtyping import Bool, Float, Int
from scipy.sparse.csgraph import connected_components

from minimand.io import InputError
from minimand.io.meshes import Mesh
from minimand.systems.shapes.points import triangulated

FINE = 300  # vertices that a surface has at least: three for each eigenpair
MOST = 300_000  # vertices of a surface; what is beyond takes minutes and gigabytes


def surface_of(mesh: Mesh, name: str | Path) -> Mesh:
    """A connected mesh without duplicate or loose vertices and with 300 vertices or more; its notes say what was done.

    A point cloud is triangulated. Vertices of equal coordinates become one; triangles of fewer than three different
    corners and those that are there twice go; the largest connected part is kept; a coarse mesh is divided at the
    middles of its edges, which leaves the surface as it is. Edges of more than two triangles and triangles without area
    stay: the Laplacian takes them. Raises InputError where no surface is left or it is too large.
    """
    notes = list(mesh.notes)
    vertices, faces = mesh.vertices, mesh.faces
    if not len(faces):
        vertices, faces = triangulated(vertices, name)
        notes.append(f"{len(vertices)} points and no faces: triangulated, {len(faces)} triangles")
    vertices, faces = _joined(vertices, faces, notes)
    faces = _sound(faces, notes)
    faces = largest_part(vertices, faces, notes)
    if not len(faces) or not triangle_areas(vertices, faces).sum() > 0:
        raise InputError(f"{name}: holds no triangle with an area; nothing can be said about its shape.")
    used, faces = np.unique(faces, return_inverse=True)
    vertices, faces = vertices[used], faces.reshape(-1, 3)
    if len(vertices) > MOST:
        raise InputError(f"{name}: has {len(vertices)} vertices, at most {MOST} are taken; simplify the mesh.")
    _say_what_stays(vertices, faces, notes)
    before = len(vertices)
    while len(vertices) < FINE:
        vertices, faces = divided(vertices, faces)
    if len(vertices) > before:
        notes.append(f"{before} vertices are few: every edge was halved until there were {len(vertices)}")
    return Mesh(vertices, faces, tuple(notes))


def triangle_areas(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]
) -> Float[np.ndarray, " faces"]:
    """Areas of the triangles, in squared units of the vertices."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)


def edges_of(
    faces: Int[np.ndarray, "faces 3"],
) -> tuple[Int[np.ndarray, "edges 2"], Int[np.ndarray, "faces 3"], Int[np.ndarray, " edges"]]:
    """The edges, ends ascending; which of them lies between corners 0 1, 1 2 and 2 0 of each triangle; how many
    triangles each has.
    """
    ends = np.sort(np.stack([faces, faces[:, [1, 2, 0]]], axis=2).reshape(-1, 2), axis=1)
    edges, where, count = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
    return edges, where.reshape(-1, 3), count


def divided(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]
) -> tuple[Float[np.ndarray, "more 3"], Int[np.ndarray, "most 3"]]:
    """The same surface with four triangles in place of each, cut at the middles of the edges."""
    edges, where, _ = edges_of(faces)
    middles = vertices[edges].mean(1)
    (a, b, c), (ab, bc, ca) = faces.T, len(vertices) + where.T
    four = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.concatenate([vertices, middles]), np.stack([np.stack(f, axis=1) for f in four], axis=1).reshape(-1, 3)


def largest_part(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"], notes: list[str] | None = None
) -> Int[np.ndarray, "kept 3"]:
    """Triangles of the connected part with the largest area; a word on it in `notes` where there are several."""
    if not len(faces):
        return faces
    ends = np.concatenate([faces[:, :2], faces[:, 1:]])
    links = sparse.coo_matrix((np.ones(len(ends)), ends.T), shape=(len(vertices),) * 2)
    part = connected_components(links, directed=False)[1][faces[:, 0]]
    areas = np.bincount(part, triangle_areas(vertices, faces))
    kept: Bool[np.ndarray, " faces"] = part == areas.argmax()
    parts = len(np.unique(part))
    if notes is not None and parts > 1:
        share = areas.max() / max(areas.sum(), np.finfo(float).tiny)
        notes.append(f"{parts} separate parts: the largest was kept, {100 * share:.0f} % of the area")
    return faces[kept]


def _joined(vertices: np.ndarray, faces: np.ndarray, notes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of equal coordinates as one."""
    places, first, where = np.unique(vertices + 0.0, axis=0, return_index=True, return_inverse=True)
    if len(places) == len(vertices):
        return vertices, faces
    notes.append(f"{len(vertices) - len(places)} duplicate vertices were joined")
    order = np.argsort(np.argsort(first))  # as they come in the file
    return vertices[np.sort(first)], order[where.reshape(-1)][faces]


def _sound(faces: np.ndarray, notes: list[str]) -> np.ndarray:
    """Triangles of three different corners, each once."""
    ends = np.sort(faces, axis=1)
    whole = (ends[:, 0] < ends[:, 1]) & (ends[:, 1] < ends[:, 2])
    once = np.zeros(len(faces), bool)
    once[np.unique(ends, axis=0, return_index=True)[1]] = True
    if dropped := int((~whole).sum()):
        notes.append(f"{dropped} triangles with a corner twice were dropped")
    if dropped := int((whole & ~once).sum()):
        notes.append(f"{dropped} triangles that were there before were dropped")
    return faces[whole & once]


def _say_what_stays(vertices: np.ndarray, faces: np.ndarray, notes: list[str]) -> None:
    areas = triangle_areas(vertices, faces)
    if flat := int((areas <= 1e-12 * areas.mean()).sum()):
        notes.append(f"{flat} triangles have no area: all edges were made a little longer for the Laplacian")
    if odd := int((edges_of(faces)[2] > 2).sum()):
        notes.append(f"{odd} edges have more than two triangles (non-manifold): their tufted cover is taken")
