"""The table of scans on two small sets, and what it looks up."""

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.systems.shapes import ranges
from minimand.systems.shapes.ranges import among_views, range_table
from minimand.systems.shapes.views import directions, seen_from

from .conftest import torus, worm


@pytest.fixture
def few_views(monkeypatch):
    monkeypatch.setattr(ranges, "VIEWS", 2)


def write_set(file, meshes, labels):
    ends = [np.cumsum([0, *(len(mesh[k]) for mesh in meshes)]) for k in (0, 1)]
    np.savez(
        file, names=np.arange(len(meshes)).astype(str), labels=np.array(labels), voff=ends[0], foff=ends[1],
        V=np.concatenate([m.vertices for m in meshes]), F=np.concatenate([m.faces for m in meshes]),
    )  # fmt: skip


@pytest.mark.slow
def test_the_table_has_what_is_unlearned_and_what_learned_views(tmp_path, few_views, monkeypatch):
    (tmp_path / "shapes").mkdir()
    meshes = [torus(24, 14, 0.3 + 0.01 * k) for k in range(5)]
    meshes += [worm(0.8 + 0.1 * k, rings=25, around=18) for k in range(5)]
    for name in ranges.SETS:
        write_set(tmp_path / "shapes" / f"{name}.npz", meshes, ["t"] * 5 + ["w"] * 5)
        scans = [seen_from(mesh, directions(5)[1]) for mesh in meshes]
        write_set(tmp_path / "shapes" / f"{name}_range.npz", scans, ["t"] * 5 + ["w"] * 5)
    monkeypatch.setattr(ranges, "SEEDS", 2)
    rows = range_table(tmp_path)["rows"]
    assert [(row["set"], row["protocol"]) for row in rows] == [
        (name, protocol) for name in ranges.SETS for protocol in ["range"] * 3 + ["range, pose40"] * 2
    ]
    assert all(row["nn"] > 80 for row in rows if "views" in row["method"])


def test_the_nearest_view_counts_and_a_shape_does_not_find_itself():
    views = torch.tensor([[[0.0], [9]], [[1], [9]], [[5], [0.1]], [[5], [6]]])
    labels = torch.tensor([0, 0, 1, 1])
    assert among_views(torch.tensor([[1.0], [0], [5], [5]]), views, labels)[0] == 1
    assert among_views(torch.tensor([[0.05], [0], [5], [5]]), views, labels)[0] == 0.75


def test_without_scans_it_says_where_they_should_be(tmp_path):
    with pytest.raises(InputError, match=r"bodies_hard_dev\.npz: is not there"):
        range_table(tmp_path)
