"""`minimand denoise`: files in, files out, what is said, and what is refused."""

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def noisy(work):
    """A 16-bit grey, a colour, a palette, a 1-bit and a transparent picture, and a stack of arrays."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(40, 200, 24 * 24).reshape(24, 24)
    grey = np.clip(ramp + rng.normal(0, 10, (24, 24)), 0, 255)
    Image.fromarray((grey * 257).astype(np.uint16)).save("deep.png")
    colour = np.stack([grey, grey[::-1], 255 - grey], -1).astype(np.uint8)
    Image.fromarray(colour).save("colour.png")
    Image.fromarray(colour).quantize(16).save("palette.png")
    Image.fromarray(colour).convert("1").save("bits.png")
    Image.fromarray(np.concatenate([colour, np.full((24, 24, 1), 9, np.uint8)], -1)).save("clear.png")
    np.savez("stack.npz", image=np.stack([grey, grey.T]) / 255, other=grey)
    return work


def test_a_stack_gives_a_stack_in_its_units_and_a_record(noisy, done):
    found = json.loads(done("denoise", "stack.npz", "-o", "x.npz", "--sigma", 0.04, "--method", "tv", "--json"))
    x, y = np.load("x.npz")["image"], np.load("stack.npz")["image"]
    assert found["images"] == 2
    assert found["sigma"] == [0.04, 0.04]
    assert found["estimated"] is False
    assert x.dtype == np.float64
    assert np.abs(x - y).max() < 0.3
    assert np.abs(np.diff(x)).mean() < np.abs(np.diff(y)).mean() / 2
    record = json.loads((noisy / "x.npz.json").read_text())
    assert record["options"]["method"] == "tv"
    assert record["inputs"][0]["file"] == "stack.npz"


@pytest.mark.parametrize(
    ("name", "mode", "kind"),
    [
        ("deep", "I;16", np.uint16), ("colour", "RGB", np.uint8), ("palette", "RGB", np.uint8),
        ("bits", "L", np.uint8), ("clear", "RGB", np.uint8),
    ],
)  # fmt: skip
def test_pictures_of_every_kind_stay_pictures(noisy, minimand, name, mode, kind):
    code, out, err = minimand("denoise", f"{name}.png", "-o", "x.png", "--sigma", 2570 if name == "deep" else 10)
    assert code == 0, err
    assert out.startswith("x.png: bm3d, 1 image in ")
    assert ("transparency" in err) is (name == "clear")
    with Image.open("x.png") as picture:
        assert picture.mode == mode
        assert np.asarray(picture).dtype == kind


def test_the_noise_is_estimated_where_it_is_not_given(noisy, done):
    assert "estimated noise" in done("denoise", "stack.npz", "-o", "x.npy", "--method", "tv")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.png", "-o", "x.png"], "gone.png: no such file"),
        (["deep.png", "-o", "x.png", "--sigma", "-1"], "the noise level must be positive and finite"),
        (["deep.png", "-o", "x.png", "--method", "bm4d"], "no method 'bm4d'. Did you mean bm3d?"),
        (["deep.png", "-o", "x.png", "--weights", "mine"], "bm3d takes no weights"),
        (["deep.png", "-o", "x.png", "--method", "foe", "--weights", "gone"], "gone: no such weights"),
        (["deep.png", "-o", "deep.png"], "exists already"),
        (["stack.npz", "-o", "x.png"], "a PNG holds one image, stack.npz:image has 2"),
        (["stack.npz:other[0]", "-o", "x.npy"], "no stack to take [0] from"),
    ],
)
def test_mistakes_are_one_line(noisy, refused, words, said):
    assert said in refused("denoise", *words)
