"""Parts against wholes."""

import numpy as np
import pytest
import torch

from minimand.systems.shapes.laplacian import eigenpairs
from minimand.systems.shapes.partial import found_wholes, moved, scan_vector

from .conftest import worm


def test_a_part_in_units_of_its_whole_is_nearer_to_it_than_blown_up():
    mesh = worm(1.0, rings=40, around=18)
    whole = eigenpairs(mesh.vertices, mesh.faces)
    some = mesh.faces[mesh.vertices[mesh.faces][:, :, 2].mean(1) > 0]  # the side that faces up
    used, faces = np.unique(some, return_inverse=True)
    part = eigenpairs(mesh.vertices[used], faces.reshape(-1, 3))
    assert part.area == pytest.approx(0.5 * whole.area, rel=0.1)
    there = scan_vector(whole, whole.area)
    assert torch.dist(scan_vector(part, whole.area), there) < torch.dist(scan_vector(part, part.area), there)


def test_what_all_parts_share_is_taken_away():
    wholes = torch.randn(8, 5, dtype=torch.float64) + 10 * torch.arange(2).repeat_interleave(4)[:, None]
    labels = torch.arange(2).repeat_interleave(4)
    parts = wholes + torch.tensor([40.0, 0, 0, 0, 0])
    seen = torch.randn(3, 5, dtype=torch.float64)
    assert found_wholes(parts, wholes, labels)[0] == 0.5  # all are nearest to the second class
    assert found_wholes(moved(parts, seen + torch.tensor([40.0, 0, 0, 0, 0]), seen), wholes, labels)[0] == 1
