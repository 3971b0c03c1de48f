"""Two surfaces that bend, and which landmark of one is which of the other: writes docs/images/shapes.png."""

from pathlib import Path

import numpy as np

from minimand.io.meshes import Mesh
from minimand.systems.shapes.laplacian import eigenpairs
from minimand.systems.shapes.matching import landmarks, match_surfaces
from minimand.systems.shapes.pairs import Pairs, draw

ROOT = Path(__file__).resolve().parents[1]


def worm(bend: float, rings: int, around: int) -> Mesh:
    """A closed tube with a thick part, its axis an arc of `bend` radians."""
    t = (np.arange(rings) + 0.5) / rings
    radius = 0.12 * np.sin(np.pi * t) ** 0.5 + 0.1 * np.exp(-((t - 0.35) ** 2) / 0.01)
    angle, phi = bend * (t - 0.5), 2 * np.pi * np.arange(around) / around
    centre = 2 / bend * np.stack([np.sin(angle), np.cos(angle) - 1], 1)
    side = np.stack([np.sin(angle), np.cos(angle)], 1)
    xy = centre[:, None] + radius[:, None, None] * np.cos(phi)[None, :, None] * side[:, None]
    vertices = np.concatenate([xy, (radius[:, None] * np.sin(phi))[..., None]], 2).reshape(-1, 3)
    a = np.arange(rings * around).reshape(rings, around)
    p, q, r, s = a[:-1], a[1:], np.roll(a[1:], -1, 1), np.roll(a[:-1], -1, 1)
    faces = [np.stack(f, 2).reshape(-1, 3) for f in ((p, q, r), (p, r, s))]
    caps = [np.stack([np.full(around - 2, ring[0]), ring[1:-1], ring[2:]], 1) for ring in (a[0], a[-1][::-1])]
    return Mesh(vertices, np.concatenate([*faces, *caps]))


def main() -> None:
    bent = worm(0.6, 60, 24), worm(2.6, 70, 28)
    marks = [landmarks(eigenpairs(mesh.vertices, mesh.faces), 10) for mesh in bent]
    found = match_surfaces(*marks)
    pairs = [
        (int(i), int(marks[1].vertices[j]), float(sure))
        for i, j, sure in zip(marks[0].vertices, found.right, found.sure, strict=True)
    ]
    names = Path("hardly bent"), Path("bent more, meshed anew")
    draw(ROOT / "docs" / "images" / "shapes.png", Pairs(*names, "mean-field", pairs, [], bent), force=True)


if __name__ == "__main__":
    main()
