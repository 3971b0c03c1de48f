"""`minimand score`: figures of a file against another."""

import json

import numpy as np
import pytest


def test_the_figures_are_those_of_the_definitions(scans, work, done):
    truth = np.load(scans / "complex.npy")
    np.save("x.npy", 1.1 * truth)
    found = json.loads(done("score", "x.npy", scans / "complex.npy", "--json"))
    error = 0.1 * np.abs(truth)
    assert found["nmse"] == pytest.approx(0.1)
    assert found["psnr"] == pytest.approx(10 * np.log10(np.abs(truth).max() ** 2 / np.mean(error**2)))
    assert found["each"]["nmse"] == [pytest.approx(0.1)]
    assert found["images"] == 1
    assert done("score", "x.npy", scans / "complex.npy").startswith("x.npy: NMSE 0.1000, PSNR ")


def test_a_stack_gives_each_image_and_the_mean(scans, work, done):
    stack = np.load(scans / "stack.npz")["image"]
    np.savez("x.npz", image=stack * np.array([1.1, 1.2, 0.9, 1.0])[:, None, None])
    found = json.loads(done("score", "x.npz", scans / "stack.npz", "--json"))
    assert found["each"]["nmse"] == pytest.approx([0.1, 0.2, 0.1, 0.0])
    assert found["nmse"] == pytest.approx(0.1)
    assert found["psnr"] is None
    assert done("score", "x.npz", scans / "stack.npz").endswith("mean of 4 images\n")


def test_other_units_are_noticed(scans, work, minimand):
    np.save("x.npy", np.load(scans / "one.npy") / 700)
    code, _, err = minimand("score", "x.npy", scans / "one.npy")
    assert code == 0
    assert "nearest to the truth when multiplied by 700" in err
