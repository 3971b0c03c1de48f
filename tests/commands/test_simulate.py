"""`minimand simulate`: k-space in the units and with the geometry of the image."""

import json

import numpy as np
import pytest

from minimand.io import read_array


def centred(x):
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(x, axes=(-2, -1)), norm="ortho"), axes=(-2, -1))


@pytest.mark.parametrize("name", ["one.npy", "odd.npy", "complex.npy", "stack.npz", "volume.nii.gz"])
def test_kspace_is_the_centred_unitary_transform(scans, work, done, name):
    said = done("simulate", scans / name, "--mask", "full", "-o", "k.npz")
    image, kspace = read_array(scans / name).array, np.load("k.npz")["kspace"]
    assert kspace.dtype == np.complex64
    assert kspace.shape == image.shape
    np.testing.assert_allclose(kspace, centred(image), atol=2e-5 * np.abs(centred(image)).max())
    slices = "4 slices" if image.ndim == 3 else "1 slice"
    assert said == f"k.npz: {slices} of {image.shape[-2]} x {image.shape[-1]}, 100.0% of k-space; values complex64\n"


def test_only_what_the_mask_samples_is_kept_and_the_record_says_how(scans, work, done):
    done("simulate", scans / "odd.npy", "--mask", "random:0.2", "--seed", 3, "--noise", 0.01, "-o", "k.npz")
    stored = np.load("k.npz")
    assert not stored["kspace"][stored["mask"] == 0].any()
    assert stored["mask"].mean() == pytest.approx(0.2, abs=1e-3)
    record = json.loads((work / "k.npz.json").read_text())
    assert (record["command"], record["seed"]) == ("simulate", 3)
    assert record["options"] == {"mask": "random:0.2", "noise": 0.01}
    assert record["inputs"][0]["file"] == "odd.npy"


def test_noise_has_the_deviation_asked_for_and_the_seed_repeats_it(scans, work, done):
    for name, seed in (("a.npz", 1), ("b.npz", 1), ("c.npz", 2)):
        done("simulate", scans / "one.npy", "--mask", "full", "--noise", 0.02, "--seed", seed, "-o", name)
    a, b, c = (np.load(name)["kspace"] for name in ("a.npz", "b.npz", "c.npz"))
    image = np.load(scans / "one.npy")
    noise = (a - centred(image)) / image.max()
    assert noise.real.std() == pytest.approx(0.02, rel=0.1)
    assert noise.imag.std() == pytest.approx(0.02, rel=0.1)
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_a_mask_from_a_file_is_used_and_recorded(scans, one, done, work):
    done("simulate", scans / "complex.npy", "--mask", f"{one}:mask", "-o", "k2.npz")
    assert np.array_equal(np.load("k2.npz")["mask"], np.load(one)["mask"])
    record = json.loads((work / "k2.npz.json").read_text())
    assert [entry["file"] for entry in record["inputs"]] == ["complex.npy", "k.npz"]


def test_columns_of_a_file_are_a_mask(scans, work, done):
    columns = np.zeros(40)
    columns[10:30] = 1
    np.save("columns.npy", columns)
    done("simulate", scans / "one.npy", "--mask", "columns.npy", "-o", "k.npz")
    assert np.array_equal(np.load("k.npz")["mask"], np.broadcast_to(columns, (32, 40)))


def test_one_json_object_and_nothing_else(scans, work, done):
    found = json.loads(done("simulate", scans / "stack.npz", "--mask", "full", "-o", "k.npy", "--json"))
    assert found["values"] == "complex64; mask left out, .npy holds one array"
    assert {k: found[k] for k in ("output", "slices", "size", "rate")} == {
        "output": "k.npy", "slices": 4, "size": [32, 40], "rate": 1.0,
    }  # fmt: skip


def test_colour_is_taken_as_luminance_and_said(work, minimand):
    from PIL import Image

    Image.fromarray(np.full((12, 14, 3), 90, np.uint8)).save("colour.png")
    code, _, err = minimand("simulate", "colour.png", "--mask", "full", "-o", "k.npz")
    assert code == 0
    assert err == "note: colour.png: colour was turned into luminance\n"
    assert np.load("k.npz")["kspace"].shape == (12, 14)
