"""Checks and repair: what is done to a mesh, and that it is said."""

import numpy as np
import pytest

from minimand.io import InputError
from minimand.io.meshes import Mesh
from minimand.systems.shapes.laplacian import eigenpairs
from minimand.systems.shapes.surface import divided, edges_of, surface_of, triangle_areas

from .conftest import icosphere, torus

TORUS = torus(40, 24, 0.3)


def same_surface(a, b):
    np.testing.assert_allclose(eigenpairs(*a[:2], pairs=20).values, eigenpairs(*b[:2], pairs=20).values, rtol=1e-6)


def test_a_sound_mesh_stays_as_it_is():
    found = surface_of(TORUS, "torus")
    np.testing.assert_array_equal(found.vertices, TORUS.vertices)
    np.testing.assert_array_equal(found.faces, TORUS.faces)
    assert found.notes == ()


def test_a_soup_of_triangles_is_joined():
    soup = Mesh(TORUS.vertices[TORUS.faces].reshape(-1, 3), np.arange(3 * len(TORUS.faces)).reshape(-1, 3))
    found = surface_of(soup, "soup")
    assert found.notes == (f"{len(soup.vertices) - len(TORUS.vertices)} duplicate vertices were joined",)
    same_surface(found, TORUS)


@pytest.mark.parametrize(
    ("vertices", "faces", "said"),
    [
        (np.array([[9.0, 9, 9]]), np.zeros((0, 3), int), None),  # unreferenced
        (np.zeros((0, 3)), TORUS.faces[:2], "2 triangles that were there before"),
        (np.zeros((0, 3)), TORUS.faces[:2][:, [1, 2, 0]], "2 triangles that were there before"),
        (np.zeros((0, 3)), np.array([[3, 3, 4]]), "1 triangles with a corner twice"),
        (np.array([[9.0, 9, 9], [9, 8, 9], [8, 9, 9]]), np.array([[960, 961, 962]]), "2 separate parts: the largest"),
    ],
)  # fmt: skip
def test_what_is_too_much_goes(vertices, faces, said):
    found = surface_of(Mesh(np.concatenate([TORUS.vertices, vertices]), np.concatenate([TORUS.faces, faces])), "x")
    same_surface(found, TORUS)
    assert len(found.notes) == (said is not None)
    assert all(said in note for note in found.notes)


def test_edges_of_three_triangles_and_triangles_without_area_stay():
    fin = Mesh(np.concatenate([TORUS.vertices, [[2.0, 0, 0]]]), np.concatenate([TORUS.faces, [[0, 1, 960]]]))
    found = surface_of(fin, "fin")
    assert len(found.faces) == len(fin.faces)
    assert any("non-manifold" in note for note in found.notes)
    middle = TORUS.vertices[TORUS.faces[0, :2]].mean(0)
    flat = Mesh(np.concatenate([TORUS.vertices, [middle]]), np.concatenate([TORUS.faces, [[*TORUS.faces[0, :2], 960]]]))
    found = surface_of(flat, "flat")
    assert any("no area" in note for note in found.notes)
    np.testing.assert_allclose(
        eigenpairs(*found[:2], pairs=20).values, eigenpairs(*TORUS[:2], pairs=20).values, rtol=1e-3
    )


def test_dividing_leaves_the_surface_as_it_is():
    vertices, faces = divided(*TORUS[:2])
    assert len(faces) == 4 * len(TORUS.faces)
    assert triangle_areas(vertices, faces).sum() == pytest.approx(triangle_areas(*TORUS[:2]).sum())
    assert (edges_of(faces)[2] == 2).all()


def test_two_triangles_are_divided_until_there_are_enough_vertices():
    square = Mesh(np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]), np.array([[0, 1, 2], [0, 2, 3]]))
    found = surface_of(square, "square")
    assert len(found.vertices) >= 300
    assert "4 vertices are few" in found.notes[0]
    want = np.pi**2 * np.sort([(j**2 + k**2) for j in range(5) for k in range(5)])[1:9]  # free edges: cosines
    np.testing.assert_allclose(eigenpairs(*found[:2]).values[:8], want, rtol=0.02)


def test_points_are_triangulated():
    ball = icosphere(3)
    found = surface_of(Mesh(ball.vertices, np.zeros((0, 3), int)), "cloud")
    assert "triangulated" in found.notes[0]
    assert triangle_areas(*found[:2]).sum() == pytest.approx(triangle_areas(*ball[:2]).sum(), rel=0.01)
    np.testing.assert_allclose(eigenpairs(*found[:2]).values[:15], eigenpairs(*ball[:2]).values[:15], rtol=0.02)


@pytest.mark.parametrize(
    ("mesh", "said"),
    [
        (Mesh(np.zeros((3, 3)), np.array([[0, 1, 2]])), "no triangle with an area"),
        (Mesh(np.eye(3), np.array([[0, 0, 1]])), "no triangle with an area"),
        (Mesh(np.eye(3), np.zeros((0, 3), int)), "3 different points and no faces"),
        (Mesh(np.arange(50.0)[:, None] * np.ones(3), np.zeros((0, 3), int)), "lie on a line"),
    ],
)
def test_no_surface_is_refused(mesh, said):
    with pytest.raises(InputError, match=said):
        surface_of(mesh, "mesh")


def test_a_mesh_of_more_vertices_than_are_taken_should_be_simplified(monkeypatch):
    monkeypatch.setattr("minimand.systems.shapes.surface.MOST", 900)
    with pytest.raises(InputError, match="torus: has 960 vertices, at most 900 are taken; simplify the mesh"):
        surface_of(TORUS, "torus")
