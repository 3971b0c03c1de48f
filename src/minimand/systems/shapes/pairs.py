"""Two files of shapes or points to pairs of points, and a picture of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from minimand.io import InputError, atomic_writer, read_array
from minimand.io.meshes import MESHES, Mesh, read_mesh
from minimand.reports.figures import figure_png
from minimand.systems.shapes.cache import cached_eigenpairs
from minimand.systems.shapes.matching import Matching, landmarks, match, match_surfaces
from minimand.systems.shapes.pictures import paint, upright
from minimand.systems.shapes.surface import surface_of


@dataclass(frozen=True)
class Pairs:
    """pairs: (point of a, point of b, how sure from 0 to 1); vertices of surfaces as repaired, or rows of points.
    drawn: what a picture shows, places in the plane or a surface.
    """

    a: Path
    b: Path
    method: str
    pairs: list[tuple[int, int, float]]
    notes: list[str]
    drawn: tuple[Mesh, Mesh]

    def as_json(self) -> dict[str, Any]:
        """Files, method and pairs, ready for JSON."""
        pairs = [{"a": i, "b": j, "sure": round(sure, 4)} for i, j, sure in self.pairs]
        return {"a": str(self.a), "b": str(self.b), "method": self.method, "pairs": pairs}


def matched(a: Path, b: Path, method: str | None, count: int) -> Pairs:
    """The pairs of two files: surfaces at `count` landmarks, or all points of two sets.

    Raises InputError for files that cannot be read, a surface against points, and as `match` does.
    """
    meshes = [_read(path) for path in (a, b)]
    surfaces = [len(mesh.faces) > 0 for mesh in meshes]
    if surfaces[0] != surfaces[1]:
        raise InputError(f"{a} and {b}: one is a surface and one is points; match two of a kind.")
    if not surfaces[0]:
        chosen = method or "tensor"
        sets = [torch.from_numpy(mesh.vertices) for mesh in meshes]
        found = _either_way(sets[0], sets[1], chosen)
        return Pairs(a, b, chosen, found, [], (meshes[0], meshes[1]))
    if method not in (None, "mean-field"):
        raise InputError(f"surfaces are matched by mean-field, not by {method}; leave out --method.")
    left, right = (surface_of(mesh, path) for mesh, path in zip(meshes, (a, b), strict=True))
    marks = [landmarks(cached_eigenpairs(surface), count) for surface in (left, right)]
    result = match_surfaces(*marks)
    pairs = [
        (int(i), int(marks[1].vertices[j]), float(sure))
        for i, j, sure in zip(marks[0].vertices, result.right, result.sure, strict=True)
    ]
    notes = [f"{path}: {note}" for path, surface in ((a, left), (b, right)) for note in surface.notes]
    return Pairs(a, b, "mean-field", pairs, notes, (left, right))


def draw(path: Path, found: Pairs, *, force: bool = False) -> None:
    """Both sides with a colour for each pair: dots for points, surfaces with dots at landmarks."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 4.8), layout="constrained")
    colours = colormaps["turbo"](np.linspace(0.03, 0.97, len(found.pairs)))
    for side, (mesh, name) in enumerate(zip(found.drawn, (found.a.name, found.b.name), strict=True)):
        axes = figure.add_subplot(1, 2, side + 1)
        places = upright(mesh.vertices)
        paint(axes, places, mesh.faces)
        marks = places[[(i, j)[side] for i, j, _ in found.pairs]]
        axes.scatter(marks[:, 0], marks[:, 1], c=colours, s=45, edgecolors="black", linewidths=0.6, zorder=3)
        for k, (x, y, _) in enumerate(marks, 1):
            axes.annotate(str(k), (x, y), textcoords="offset points", xytext=(4, 4), fontsize=7)
        axes.set_title(name, fontsize=9)
    with atomic_writer(path, force) as file:
        file.write(figure_png(figure))


def _read(path: Path) -> Mesh:
    if path.suffix.lower() in MESHES:
        return read_mesh(path)
    array = np.asarray(read_array(path).array, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] not in (2, 3) or not np.isfinite(array).all():
        raise InputError(f"{path}: shape {array.shape}; points are finite numbers, (n, 2) or (n, 3).")
    return Mesh(np.pad(array, ((0, 0), (0, 3 - array.shape[1]))), np.zeros((0, 3), np.int64))


def _either_way(left: Tensor, right: Tensor, method: str) -> list[tuple[int, int, float]]:
    """Pairs of the smaller set's points with the other's, left first."""
    if len(left) <= len(right):
        found: Matching = match(left, right, method)
        return [(i, int(j), float(sure)) for i, (j, sure) in enumerate(zip(found.right, found.sure, strict=True))]
    return sorted((j, i, sure) for i, j, sure in _either_way(right, left, method))
