"""`describe` tells what a file holds and what to do with it."""

import json

import numpy as np
import pytest

from minimand.io import InputError, describe, write_array


@pytest.mark.parametrize("suffix", [".npz", ".h5", ".mat"])
def test_kspace_with_its_mask(tmp_path, kspace, suffix):
    mask = np.abs(kspace) > np.median(np.abs(kspace))
    write_array(tmp_path / f"k{suffix}", kspace * mask, key="kspace", siblings={"mask": mask})
    found = describe(tmp_path / f"k{suffix}")
    json.dumps(found, allow_nan=False)
    assert found["arrays"][0]["looks_like"] == "k-space"
    assert found["arrays"][1]["name"] == "mask"
    assert found["command"].startswith("minimand reconstruct")
    only = describe(f"{tmp_path}/k{suffix}:mask")
    assert only["arrays"][0]["rate"] == pytest.approx(0.5, abs=0.01)
    assert "--mask" in only["command"]


def test_images_corners_and_numbers_are_told_apart(tmp_path, image, kspace):
    cases = {
        "image": image,
        "k-space, zero frequency at [0, 0]": np.fft.ifftshift(kspace),
        "numbers": np.arange(5.0),
    }
    for i, (kind, array) in enumerate(cases.items()):
        write_array(tmp_path / f"{i}.npy", array)
        assert describe(tmp_path / f"{i}.npy")["arrays"][0]["looks_like"] == kind
    write_array(tmp_path / "affine.npy", np.eye(4) + 0.5)
    assert describe(tmp_path / "affine.npy")["arrays"][0]["looks_like"] == "numbers"


def test_a_container_of_equals_and_one_with_nan_are_described_all_the_same(tmp_path):
    a = np.array([[np.nan, 1.0], [2.0, 3.0]])
    write_array(tmp_path / "a.npz", a, key="a", siblings={"b": np.full((2, 2), np.inf)})
    found = describe(tmp_path / "a.npz")
    json.dumps(found, allow_nan=False)
    assert [(x["name"], x["finite"], x["min"]) for x in found["arrays"]] == [("a", False, 1.0), ("b", False, None)]


def test_a_volume_has_a_geometry_and_a_missing_file_is_missing(tmp_path):
    write_array(tmp_path / "a.nii", np.ones((2, 3, 4)))
    assert describe(tmp_path / "a.nii")["geometry"]["spacing"] == [1.0, 1.0, 1.0]
    with pytest.raises(InputError, match="no such file"):
        describe(tmp_path / "b.nii")
