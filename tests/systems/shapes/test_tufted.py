"""The tufted cover and its Delaunay triangulation: sound meshes keep their Laplacian, unsound ones get a good one."""

import numpy as np
import pytest

from minimand.systems.shapes.laplacian import cotangent_laplacian, eigenpairs, laplacian, robust_laplacian
from minimand.systems.shapes.tufted import corner_cotangents, delaunay, heron, tufted_cover

from .conftest import icosphere, torus

FAN = np.array([[0, 1, 2], [1, 0, 3], [0, 1, 4], [2, 1, 5]])  # three triangles at an edge, borders elsewhere


def ends(faces, side):
    """From where to where sides run, numbered 3 face + side."""
    face, k = np.divmod(side, 3)
    return np.stack([faces[face, k], faces[face, (k + 1) % 3]], axis=-1)


@pytest.mark.parametrize("faces", [FAN, icosphere(1).faces, torus(9, 5, 0.3).faces, FAN[:1]])
def test_every_side_of_the_cover_is_glued_to_one_that_runs_against_it(faces):
    cover, glue = tufted_cover(faces)
    side = np.arange(3 * len(cover))
    np.testing.assert_array_equal(glue.ravel()[glue.ravel()], side)
    assert (glue.ravel() // 3 != side // 3).all()
    np.testing.assert_array_equal(ends(cover, glue.ravel()), ends(cover, side)[:, ::-1])


def test_a_sound_mesh_has_two_sheets_that_do_not_meet():
    faces = icosphere(2).faces
    _, glue = tufted_cover(faces)
    n = len(faces)
    assert (glue[:n] < 3 * n).all()
    assert (glue[n:] >= 3 * n).all()


def test_a_delaunay_mesh_keeps_its_laplacian():
    mesh = icosphere(3)
    for a, b in zip(cotangent_laplacian(*mesh[:2]), robust_laplacian(*mesh[:2]), strict=True):
        assert abs(a - b).max() < 1e-12


def needles():
    """Over a strip of the plane."""
    rng = np.random.default_rng(0)
    x = np.concatenate([[0, 1], rng.random(30)])[:, None] * [1.0, 0.0]
    line = np.sort(x[:, 0])
    n = len(line)
    vertices = np.array([(t, y, 0.0) for y in (0.0, 0.02) for t in line])
    vertices[n:, 0] = np.sort(np.concatenate([[0, 1], rng.random(30)]))
    a = np.arange(n - 1)
    faces = np.concatenate([np.stack([a, a + 1, a + n], 1), np.stack([a + 1, a + n + 1, a + n], 1)])
    return vertices, faces


def test_flips_keep_the_flat_plane_and_find_its_delaunay_triangulation():
    """Of needles: no weight stays negative, and linear functions keep their energy."""
    vertices, faces = needles()
    L, mass = robust_laplacian(vertices, faces)
    off = L.toarray() - np.diag(L.diagonal())
    assert off.max() < 1e-9
    assert mass.sum() == pytest.approx(0.02, rel=1e-3)
    f = vertices[:, 0]
    assert f @ (L @ f) == pytest.approx(0.02, rel=1e-3)
    plain = cotangent_laplacian(vertices, faces)[0]
    assert (plain.toarray() - np.diag(plain.diagonal())).max() > 0.1


def test_flips_change_neither_area_nor_closedness():
    mesh = icosphere(3)
    vertices = mesh.vertices * (1, 0.3, 4) + 0.03 * np.random.default_rng(0).standard_normal(mesh.vertices.shape)
    lengths = np.linalg.norm(vertices[mesh.faces] - vertices[mesh.faces[:, [1, 2, 0]]], axis=2)
    cover, glue = tufted_cover(mesh.faces)
    twice = np.concatenate([lengths, lengths[:, [0, 2, 1]]])
    faces, after = delaunay(cover, twice, glue)
    assert heron(after).sum() == pytest.approx(heron(twice).sum())
    assert not np.array_equal(faces, cover)
    pairs = np.sort(np.stack([faces, faces[:, [1, 2, 0]]], 2).reshape(-1, 2), axis=1)
    assert (np.unique(pairs, axis=0, return_counts=True)[1] % 2 == 0).all()
    weights = np.zeros((len(vertices),) * 2)
    np.add.at(weights, (faces[:, [1, 2, 0]].ravel(), faces[:, [2, 0, 1]].ravel()), corner_cotangents(after).ravel())
    weights = weights + weights.T
    assert weights[~np.eye(len(weights), dtype=bool)].min() > -1e-9


def test_a_fin_on_a_sphere_is_taken_by_the_cover_and_hardly_heard():
    mesh = icosphere(3)
    fin = np.concatenate([mesh.vertices, [mesh.vertices[mesh.faces[0, 0]] * 1.05]])
    faces = np.concatenate([mesh.faces, [[*mesh.faces[0, :2], len(mesh.vertices)]]])
    L, _ = laplacian(fin, faces)
    other, _ = robust_laplacian(fin, faces)
    assert abs(L - other).max() == 0
    assert L.toarray().sum(1) == pytest.approx(0, abs=1e-9)
    found, want = eigenpairs(fin, faces, 15).values, eigenpairs(*mesh[:2], 15).values
    np.testing.assert_allclose(found, want, rtol=0.02)


def test_flips_that_go_round_in_circles_are_ended(monkeypatch):
    monkeypatch.setattr("minimand.systems.shapes.tufted.PATIENCE", 0)
    with pytest.raises(ArithmeticError, match="did not become Delaunay; the mesh has too many needles"):
        robust_laplacian(*needles())
