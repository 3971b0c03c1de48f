"""The index: built once, brought up to date, and right."""

import re

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.io.meshes import Mesh
from minimand.systems.shapes.collection import read_collection
from minimand.systems.shapes.index import describe, indexed
from minimand.systems.shapes.methods import METHODS
from minimand.systems.shapes.search import ceiling, evaluate, nearest, view_distances
from minimand.systems.shapes.views import directions, seen_from

from .conftest import torus, worm


def write_off(path, mesh):
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [" ".join(map(repr, v)) for v in mesh.vertices.tolist()]
    rows += [f"3 {a} {b} {c}" for a, b, c in mesh.faces.tolist()]
    path.write_text(f"OFF\n{len(mesh.vertices)} {len(mesh.faces)} 0\n" + "\n".join(rows) + "\n")


@pytest.fixture
def folder(tmp_path):
    """Worms and tori, three each."""
    for k in range(3):
        write_off(tmp_path / "set" / "worm" / f"{k}.off", worm(0.8 + 0.3 * k, rings=25, around=18))
        write_off(tmp_path / "set" / "torus" / f"{k}.off", torus(30, 16, 0.3 + 0.01 * k))
    return tmp_path / "set"


def index_of(folder, name="shape-dna", views=0):
    return indexed(folder, read_collection(folder), name, METHODS[name], views=views)


def test_it_is_built_once_and_brought_up_to_date(folder):
    first = index_of(folder)
    assert (first.fresh, len(first.entries)) == (6, 6)
    again = index_of(folder)
    assert again.fresh == 0
    assert torch.equal(again.vectors, first.vectors)
    write_off(folder / "torus" / "3.off", torus(28, 16, 0.35))
    (folder / "worm" / "0.off").unlink()
    changed = index_of(folder)
    assert (changed.fresh, len(changed.entries)) == (1, 6)
    assert index_of(folder, "wks").fresh == 6


def test_what_cannot_be_read_is_left_out_and_said_every_time(folder):
    (folder / "torus" / "bad.off").write_text("OFF\n400 3 0\n" + 400 * "0 0 0\n")
    for fresh in (7, 0):
        index = index_of(folder)
        assert (index.fresh, len(index.entries), len(index.failed)) == (fresh, 6, 1)
        assert "ends after 0 of 3 faces" in index.failed[0]


def test_classes_are_found_again(folder):
    index = index_of(folder)
    assert evaluate(index)["nn"] == 100
    assert evaluate(index)["e_measure"] == pytest.approx(ceiling(index)) == pytest.approx(100 * 4 / 34)
    assert [index.entries[k].label for k, _ in nearest(index.vectors[0], index.vectors, 3)] == ["torus"] * 3


def test_a_scan_from_one_side_finds_its_class_among_views(folder):
    index = index_of(folder, "log-wks", views=3)
    alone = index_of(folder, "log-wks")
    assert (index.fresh, alone.fresh) == (6, 6)
    assert index.vectors.shape == (6, 3 * alone.vectors.shape[1])
    mesh = index.entries[0].read()
    scan = seen_from(mesh, directions(3)[1])
    vector = describe(scan, "scan", METHODS["log-wks"])[0]
    (row, distance), *_ = nearest(vector, index.vectors, 3)
    assert (row, distance) == (0, pytest.approx(0, abs=1e-5))  # one of the views is this one
    assert evaluate(index, 3)["nn"] == 100
    views = index.vectors.reshape(6, 3, -1)
    torch.testing.assert_close(view_distances(views[:, 0], views).diagonal(), torch.zeros(6), atol=2e-3, rtol=0)


def test_a_flat_sheet_seen_from_behind_has_views_all_the_same():
    a = np.arange(400).reshape(20, 20)
    p, q, r, s = (b.ravel() for b in (a[:-1, :-1], a[1:, :-1], a[1:, 1:], a[:-1, 1:]))
    vertices = np.stack([*np.divmod(np.arange(400.0), 20), np.zeros(400)], 1)
    sheet = Mesh(vertices, np.concatenate([np.stack([p, q, r], 1), np.stack([p, r, s], 1)]))
    found = describe(sheet, "sheet", METHODS["shape-dna"], views=2)[0].reshape(2, 30)
    torch.testing.assert_close(found[0], found[1])


def test_a_set_of_meshes_is_a_collection(tmp_path):
    meshes = [torus(30, 16, 0.3), worm(1.0, rings=25, around=18)]
    arrays = {
        "names": np.array(["a", "b"]), "labels": np.array(["x", "y"]),
        "voff": np.cumsum([0, *(len(m.vertices) for m in meshes)]), "V": np.concatenate([m.vertices for m in meshes]),
        "foff": np.cumsum([0, *(len(m.faces) for m in meshes)]), "F": np.concatenate([m.faces for m in meshes]),
    }  # fmt: skip
    np.savez(tmp_path / "set.npz", **arrays)
    entries = read_collection(tmp_path / "set.npz")
    assert [(e.name, e.label) for e in entries] == [("a", "x"), ("b", "y")]
    for entry, mesh in zip(entries, meshes, strict=True):
        np.testing.assert_array_equal(entry.read().faces, mesh.faces)
    np.savez(tmp_path / "half.npz", **{**arrays, "voff": np.array([0, 5])})
    with pytest.raises(InputError, match="do not fit together"):
        read_collection(tmp_path / "half.npz")
    np.savez(tmp_path / "other.npz", names=np.array(["a"]))
    with pytest.raises(InputError, match="labels, voff, foff, V, F are missing"):
        read_collection(tmp_path / "other.npz")


def test_folders_without_shapes_or_classes_are_refused(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no shapes"):
        read_collection(tmp_path / "empty")
    for other in (folder / "torus", tmp_path / "gone"):
        with pytest.raises(InputError, match=r"no class|no folder of shapes"):
            evaluate(index_of(other))
    for name in ("worm/1.off", "worm/2.off", "torus/1.off", "torus/2.off"):
        (folder / name).unlink()
    with pytest.raises(InputError, match="needs a class of two shapes"):
        evaluate(index_of(folder))


def test_a_shape_whose_spectrum_is_not_found_is_named_and_left_out(folder, monkeypatch):
    write_off(folder / "torus" / "fine.off", torus(40, 16, 0.3))
    monkeypatch.setattr("minimand.systems.shapes.laplacian.TOLERANCE", -1.0)  # smaller surfaces do without
    index = index_of(folder)
    assert len(index.entries) == 6
    assert re.fullmatch(r"torus/fine\.off: \d+ eigenpairs were not found in \d+ blocks of 8 vectors\.", *index.failed)
