"""Meshes written and read back, number by number."""

import json

import numpy as np
import pytest

from minimand.io import InputError
from minimand.io.mesh_write import check_mesh_output, write_mesh
from minimand.io.meshes import Mesh, read_mesh

FACES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])


@pytest.mark.parametrize("suffix", [".off", ".obj", ".ply"])
@pytest.mark.parametrize("faces", [FACES, FACES[:0]])
def test_every_number_comes_back(tmp_path, rng, suffix, faces):
    vertices = rng.normal(size=(4, 3)) * np.array([1e-300, 1, 1e300])
    write_mesh(tmp_path / f"a{suffix}", Mesh(vertices, faces), record={"command": "test"})
    found = read_mesh(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(found.vertices, vertices)
    np.testing.assert_array_equal(found.faces, faces)
    assert json.loads((tmp_path / f"a{suffix}.json").read_text())["output"]["vertices"] == 4


def test_what_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "there.ply").touch()
    good = Mesh(np.eye(3), FACES[:1] * 0)
    for name, mesh, words in (
        ("a.stl", good, r"\.off \.obj \.ply"), ("there.ply", good, "exists already"),
        ("a.off", Mesh(np.eye(3), FACES), "corners"), ("a.obj", Mesh(np.eye(3)[:0], FACES[:0]), "no vertex"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=words):
            write_mesh(tmp_path / name, mesh)
    with pytest.raises(InputError, match="does not exist"):
        check_mesh_output(tmp_path / "none" / "a.off")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.ply"]
