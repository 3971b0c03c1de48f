"""Surfaces whose spectra are known, and a cache that each test has for itself."""

import numpy as np
import pytest

from minimand.io.meshes import Mesh
from minimand.systems.shapes.made import tube
from minimand.systems.shapes.surface import divided

GOLDEN = (1 + 5**0.5) / 2


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIMAND_CACHE", str(tmp_path / "cache"))


def icosphere(times: int) -> Mesh:
    """A unit sphere: an icosahedron, divided so often."""
    v = [(s, t * GOLDEN, 0.0) for s in (-1, 1) for t in (1, -1)]
    vertices = np.array([p[k:] + p[:k] for k in (0, 2, 1) for p in v])
    near = np.linalg.norm(vertices[:, None] - vertices[None], axis=2)
    i, j, k = np.nonzero(np.ones((12, 12, 12)))
    edge = np.isclose(near, 2)
    faces = np.stack([i, j, k], 1)[(i < j) & (j < k) & edge[i, j] & edge[j, k] & edge[i, k]]
    outward = np.linalg.det(vertices[faces]) > 0
    faces[~outward] = faces[~outward][:, ::-1]
    for _ in range(times):
        vertices, faces = divided(vertices, faces)
        vertices = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    return Mesh(vertices / np.linalg.norm(vertices, axis=1, keepdims=True), faces)


def torus(n: int, m: int, thick: float) -> Mesh:
    """A torus of radii 1 and `thick`, n x m vertices."""
    u, v = np.meshgrid(2 * np.pi * np.arange(n) / n, 2 * np.pi * np.arange(m) / m, indexing="ij")
    r = 1 + thick * np.cos(v)
    vertices = np.stack([r * np.cos(u), r * np.sin(u), thick * np.sin(v)], axis=2).reshape(-1, 3)
    a = np.arange(n * m).reshape(n, m)
    b, c, d = np.roll(a, -1, 0), np.roll(a, (-1, -1), (0, 1)), np.roll(a, -1, 1)
    faces = np.concatenate([np.stack(f, axis=2).reshape(-1, 3) for f in ((a, b, c), (a, c, d))])
    return Mesh(vertices, faces)


def worm(bend: float, length: float = 2.0, rings: int = 60, around: int = 24) -> Mesh:
    """A closed tube, thick in the middle, whose axis is an arc of `bend` radians: bending hardly changes its metric."""

    def radius(t):
        return 0.12 * np.sin(np.pi * t) ** 0.5 + 0.08 * np.exp(-((t - 0.4) ** 2) / 0.01)

    return tube(bend, radius, length=length, rings=rings, around=around)
