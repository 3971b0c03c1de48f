"""`minimand restore`: files in, files out, and what is refused."""

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def blurred(work):
    """A blurred ramp with an edge, a colour mosaic and a stack."""
    x = np.add.outer(np.arange(24.0), 2 * np.arange(24.0)) + 100 * (np.arange(24) > 11)
    y = (x + np.roll(x, 1, 1) + np.roll(x, -1, 1)) / 3
    np.save("blurred.npy", y)
    np.save("truth.npy", x)
    Image.fromarray(x.astype(np.uint8)).save("mosaic.png")
    np.savez("stack.npz", image=np.stack([y, y]))
    return work


def test_a_blurred_array_is_sharper_and_has_a_record(blurred, done):
    words = ("restore", "blurred.npy", "-o", "x.npy", "--degradation", "motion:3:0", "--periodic", "--sigma", 0.5)
    found = json.loads(done(*words, "--method", "tv", "--json"))
    assert found["degradation"] == "motion:3:0"
    assert found["sigma"] == [0.5]
    x, y, truth = (np.load(name) for name in ("x.npy", "blurred.npy", "truth.npy"))
    assert np.abs(x - truth).mean() < 0.5 * np.abs(y - truth).mean()
    assert json.loads((blurred / "x.npy.json").read_text())["options"]["periodic"] is True


def test_a_mosaic_becomes_a_colour_png_and_a_stack_stays_one(blurred, done):
    assert "mosaic by foe" in done("restore", "mosaic.png", "-o", "x.png", "--degradation", "mosaic")
    with Image.open("x.png") as picture:
        assert picture.mode == "RGB"
        assert picture.size == (24, 24)
    done("restore", "stack.npz", "-o", "x.npz", "--degradation", "motion:3:0", "--method", "tv")
    assert np.load("x.npz")["image"].shape == (2, 24, 24)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["blurred.npy", "-o", "x.npy", "--degradation", "haze"], "write blur:SIGMA"),
        (["blurred.npy", "-o", "x.npy", "--degradation", "blur:9"], "the picture 24 x 24"),
        (["blurred.npy", "-o", "x.npy", "--degradation", "blur:1", "--method", "nlm"], "no method 'nlm'"),
        (["blurred.npy", "-o", "x.npy", "--degradation", "blur:1", "--sigma", "-1"], "positive and finite"),
        (["stack.npz", "-o", "x.png", "--degradation", "blur:1"], "a PNG holds one image"),
    ],
)
def test_mistakes_are_one_line(blurred, refused, words, said):
    assert said in refused("restore", *words)
