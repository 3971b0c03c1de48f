"""Pictures of surfaces: triangles painted from back to front, and sheets of many shapes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from minimand.io.meshes import Mesh
from minimand.reports.figures import figure_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LIGHT = np.array([0.3, 0.5, 0.81])
CLAY = np.array([0.80, 0.74, 0.66])
COLUMNS = 6


def upright(vertices: Float[np.ndarray, "vertices 3"]) -> Float[np.ndarray, "vertices 3"]:
    """The shape seen from where it is widest: longest axis up, shortest towards the viewer, within a unit box.

    The side that reaches farther from the middle points down: people stand on their feet.
    """
    centred = vertices - vertices.mean(0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    signs = np.sign(((centred @ axes.T) ** 3).sum(0)) + 0.0
    axes = axes * np.where(signs == 0, 1.0, -signs)[:, None]
    axes[1] = np.cross(axes[2], axes[0])
    turned = centred @ axes[[1, 0, 2]].T
    return turned / np.abs(turned[:, :2]).max()


def paint(
    axes: "Axes", vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"],
    colours: Float[np.ndarray, "vertices 3"] | None = None,
) -> None:  # fmt: skip
    """Draw a surface along its third axis into `axes`, lit from the upper right. colours: RGB of vertices, 0 to 1."""
    from matplotlib.collections import PolyCollection

    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    order = np.argsort(corners[..., 2].mean(1))
    order = order[lengths[order] > 0]
    light = np.abs(normals[order] @ LIGHT) / lengths[order]
    base = CLAY if colours is None else colours[faces[order]].mean(1)
    painted = np.clip(base * (0.35 + 0.65 * light)[:, None], 0, 1)
    axes.add_collection(PolyCollection(corners[order][..., :2], facecolors=painted, edgecolors=painted, linewidths=0.2))
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_xlim(-1.1, 1.1)
    axes.set_ylim(-1.1, 1.1)


def shape_png(mesh: Mesh) -> bytes:
    """One shape as a picture on a transparent ground."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.6, 1.6), layout="constrained")
    paint(figure.add_subplot(), upright(mesh.vertices), mesh.faces)
    return figure_png(figure, transparent=True)


def sheet_png(meshes: Sequence[Mesh], titles: Sequence[str]) -> bytes:
    """A contact sheet: every shape with its title below, six in a row."""
    from matplotlib.figure import Figure

    columns = min(COLUMNS, len(meshes))
    rows = -(-len(meshes) // columns)
    figure = Figure(figsize=(1.9 * columns, 2.2 * rows), layout="constrained")
    for k, (mesh, title) in enumerate(zip(meshes, titles, strict=True), 1):
        axes = figure.add_subplot(rows, columns, k)
        paint(axes, upright(mesh.vertices), mesh.faces)
        axes.set_title(title, fontsize=8, y=-0.02, va="top")
    return figure_png(figure)
