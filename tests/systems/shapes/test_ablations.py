"""Ablations: what is taken away, by hand; the table itself on a small set."""

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.systems.shapes import ablations
from minimand.systems.shapes.ablations import ablation_table, fewer, joined, maxima, noisy, thinned
from minimand.systems.shapes.laplacian import eigenpairs
from minimand.systems.shapes.network import COLUMNS, Mixture, STNet, columns_of, moments
from minimand.systems.shapes.surface import surface_of, triangle_areas

from .conftest import icosphere, torus, worm


def test_vertices_in_a_cell_become_their_mean():
    mesh = icosphere(4)
    found = surface_of(joined(mesh, 24), "x")
    assert 0.2 < len(found.vertices) / len(mesh.vertices) < 0.8
    assert triangle_areas(*found[:2]).sum() == pytest.approx(4 * np.pi, rel=0.05)
    assert len(surface_of(joined(mesh, 10**6), "x").vertices) == len(mesh.vertices)


def test_noise_has_the_deviation_asked_for_and_is_the_same_again():
    mesh = icosphere(4)
    found = noisy(mesh, 0.01)
    assert (found.vertices - mesh.vertices).std() == pytest.approx(0.01 * (4 * np.pi) ** 0.5, rel=0.05)
    np.testing.assert_array_equal(found.vertices, noisy(mesh, 0.01).vertices)


def test_fewer_columns_and_eigenpairs_make_smaller_networks_of_the_same_shapes():
    meshes = [worm(bend, rings=25, around=18) for bend in (0.5, 1.0, 1.5)]
    pairs = [eigenpairs(*mesh[:2]) for mesh in meshes]
    M = torch.stack([moments(p) for p in pairs])
    some = thinned(4)
    assert len(some) == COLUMNS // 4 + 1
    small = M[:, some][:, :, some]
    net = STNet(size=2, head=Mixture(len(some) - 1)).born(small, torch.randn(3, 2))
    assert net(small).shape == (3, 2)
    assert fewer(pairs[0], 25).functions.shape[1] == 25
    torch.testing.assert_close(moments(fewer(pairs[0], 100)), M[0])


def test_so_max_of_columns_without_their_means_holds_their_largest_values():
    pairs = eigenpairs(*worm(1.0, rings=25, around=18)[:2])
    columns = columns_of(pairs)
    M = maxima(pairs)
    torch.testing.assert_close(M, M.mT)
    torch.testing.assert_close(M[:-1, -1], (columns - torch.from_numpy(pairs.areas) @ columns).amax(0)[:-1])
    assert M[-1, -1] == 1


@pytest.mark.slow
def test_the_table_has_a_row_for_each_part_taken_away(tmp_path, monkeypatch):
    (tmp_path / "shapes").mkdir()
    meshes = [torus(24, 14, 0.2 + 0.06 * k + 0.002 * j) for k in range(3) for j in range(5)]
    np.savez(
        tmp_path / "shapes" / "bodies_hard_dev.npz", names=np.arange(15).astype(str),
        labels=np.repeat(np.arange(3).astype(str), 5), voff=np.arange(16) * 336, foff=np.arange(16) * 672,
        V=np.concatenate([m.vertices for m in meshes]), F=np.concatenate([m.faces for m in meshes]),
    )  # fmt: skip
    monkeypatch.setattr(ablations, "SEEDS", 2)
    found = ablation_table(tmp_path)
    rows = {row["method"]: row for row in found["rows"]}
    assert len(rows) == 7 + 1 + 2 + 2 + 2 + 2
    assert rows["st-net"]["nn"] > 80
    assert rows["st-net"]["published"]["real"] == 99.83


def test_without_the_set_it_says_where_it_should_be(tmp_path):
    with pytest.raises(InputError, match=r"bodies_hard_dev\.npz: the shapes are not there"):
        ablation_table(tmp_path)
