"""`minimand convert`: values and geometry in another format, and what that format cannot hold."""

import json

import nibabel
import numpy as np
import pytest

from minimand.io import read_array
from minimand.io.mesh_write import write_mesh
from minimand.io.meshes import Mesh

AFFINE = np.diag([2.0, 1.5, 3.0, 1.0])


@pytest.fixture
def volume(work):
    array = np.arange(3 * 8 * 6, dtype=np.int16).reshape(8, 6, 3)
    nibabel.save(nibabel.Nifti1Image(array, AFFINE), "a.nii.gz")
    return read_array("a.nii.gz").array


@pytest.mark.parametrize("suffix", ["nii", "npz", "h5", "mat", "dcm"])
def test_values_and_geometry_go_there_and_back(volume, work, done, suffix):
    found = json.loads(done("convert", "a.nii.gz", f"b.{suffix}", "--json"))
    assert found["shape"] == [3, 8, 6]
    done("convert", f"b.{suffix}", "c.nii.gz")
    back = nibabel.load("c.nii.gz")
    np.testing.assert_array_equal(back.get_fdata(), nibabel.load("a.nii.gz").get_fdata())
    np.testing.assert_allclose(back.affine, AFFINE, atol=1e-6)
    assert json.loads((work / "c.nii.gz.json").read_text())["command"] == "convert"


@pytest.mark.parametrize("suffix", ["nii", "npz", "h5", "mat", "npy", "cfl"])
def test_a_series_of_volumes_goes_there_and_back(work, done, suffix):
    array = (np.arange(2 * 3 * 8 * 6) * (1 + 2j)).astype(np.complex64).reshape(8, 6, 3, 2)
    nibabel.save(nibabel.Nifti1Image(array, AFFINE), "a.nii.gz")
    done("convert", "a.nii.gz", f"b.{suffix}")
    done("convert", f"b.{suffix}", "c.nii.gz")
    back = nibabel.load("c.nii.gz")
    np.testing.assert_array_equal(np.asanyarray(back.dataobj), array)
    if suffix not in ("npy", "cfl"):  # which have no place for it
        np.testing.assert_allclose(back.affine, AFFINE, atol=1e-6)


def test_meshes_keep_every_digit(work, done, refused):
    vertices = np.random.default_rng(0).normal(size=(4, 3))
    write_mesh("a.off", Mesh(vertices, np.array([[0, 1, 2], [1, 2, 3]])))
    done("convert", "a.off", "b.ply")
    done("convert", "b.ply", "c.obj")
    assert json.loads(done("convert", "c.obj", "d.off", "--json"))["faces"] == 2
    assert (work / "d.off").read_bytes() == (work / "a.off").read_bytes()
    assert json.loads((work / "d.off.json").read_text())["inputs"][0]["file"] == "c.obj"
    assert "4 vertices, 2 triangles" in done("convert", "a.off", "e.obj")
    assert "a mesh is written as" in refused("convert", "a.off", "a.npz")
    assert "cannot write .ply" in refused("convert", "d.off.json", "x.ply")


def test_what_lies_beside_an_array_comes_along_where_it_can(work, done):
    np.savez("k.npz", kspace=np.ones((4, 5), complex), mask=np.ones((4, 5), bool))
    done("convert", "k.npz", "k.mat")
    np.testing.assert_array_equal(read_array("k.mat:mask").array, np.ones((4, 5)))
    assert "mask left out" in done("convert", "k.npz", "k.cfl")
    done("convert", "k.npz:kspace", "one.npz")
    assert np.load("one.npz").files == ["kspace"]


def test_mistakes_lose_nothing(volume, work, refused):
    np.save("there.npy", np.zeros(3))
    assert "there.npy" in refused("convert", "a.nii.gz", "there.npy")
    assert "cannot write .xyz" in refused("convert", "a.nii.gz", "b.xyz")
    assert "one image" in refused("convert", "a.nii.gz", "b.png")
    assert np.load("there.npy").shape == (3,)
