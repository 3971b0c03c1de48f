"""What is seen from one side: half of a sphere, and nothing of what is hidden."""

import numpy as np
import pytest
import torch

from minimand.io.meshes import Mesh
from minimand.systems.shapes import views
from minimand.systems.shapes.laplacian import eigenpairs
from minimand.systems.shapes.network import log_moments
from minimand.systems.shapes.surface import surface_of, triangle_areas
from minimand.systems.shapes.views import directions, roots, seen_from, view_moments

from .conftest import icosphere, torus, worm


def test_half_of_a_sphere_is_seen_from_anywhere():
    mesh = icosphere(4)
    for direction in directions(5):
        part = seen_from(mesh, direction)
        assert triangle_areas(*part[:2]).sum() == pytest.approx(2 * np.pi, rel=0.05)
        assert (part.vertices @ direction).min() > -0.1


def test_what_lies_behind_is_hidden():
    """A small ball before a large one: a hole of its shadow; behind it, the small one is not seen at all."""
    ball = icosphere(3)
    both = Mesh(
        np.concatenate([ball.vertices, 0.6 * ball.vertices + (0, 0, 3)]),
        np.concatenate([ball.faces, ball.faces + len(ball.vertices)]),
    )
    shadowed = seen_from(both, np.array([0.0, 0, 1]))
    assert np.hypot(*shadowed.vertices[:, :2].T).min() > 0.5
    assert shadowed.vertices[:, 2].max() < 1
    half = seen_from(both, np.array([0.0, 0, -1]))
    assert triangle_areas(*half[:2]).sum() == pytest.approx(2 * np.pi, rel=0.1)


def test_a_part_has_no_loose_vertex_and_is_smaller_than_its_whole():
    mesh = worm(1.0, rings=40, around=18)
    outside_in = seen_from(mesh._replace(faces=mesh.faces[:, ::-1]), np.array([1.0, 0, 0]))
    part = seen_from(mesh, np.array([1.0, 0, 0]))
    assert set(part.faces.ravel()) == set(range(len(part.vertices)))
    assert 0.1 < triangle_areas(*part[:2]).sum() / triangle_areas(*mesh[:2]).sum() < 0.6
    np.testing.assert_array_equal(outside_in.vertices, part.vertices)


def test_directions_are_unit_vectors_all_around():
    found = directions(40)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    assert np.abs(found.mean(0)).max() < 0.03
    assert (found @ found.T - 2 * np.eye(40)).max() < 0.95  # no two close together


def test_views_of_a_surface_are_looked_up_the_second_time(monkeypatch):
    mesh = torus(24, 14, 0.3)
    first = view_moments(mesh, 2)
    assert first.shape == (2, 49, 49)
    torch.testing.assert_close(
        first[0], log_moments(eigenpairs(*surface_of(seen_from(mesh, directions(2)[0]), "x")[:2]))
    )
    monkeypatch.setattr(views, "eigenpairs", None)  # not asked again
    assert torch.equal(view_moments(mesh, 2), first)


def test_roots_are_symmetric_square_roots_whatever_the_batch():
    M = torch.eye(3, dtype=torch.float64) * torch.tensor([1.0, 4, 9])[:, None, None, None]
    assert roots(M.expand(3, 2, 3, 3)).shape == (3, 2, 6)
    torch.testing.assert_close(roots(M)[:, 0, 0], torch.tensor([1.0, 2, 3]).double(), rtol=1e-3, atol=0)
