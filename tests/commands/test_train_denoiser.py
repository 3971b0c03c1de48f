"""`minimand train foe` and `dncnn`: from pictures to weights that `minimand denoise` takes."""

import json

import numpy as np
import pytest

from minimand.weights import load_weights

TINY = ["--depth", 2, "--filters", 8, "--size", 3, "--crop", 16, "--batch", 2, "--steps", 2, "--every", 2]


@pytest.fixture
def pictures(work):
    rng = np.random.default_rng(0)
    np.save("clean.npy", rng.integers(0, 255, (3, 24, 20), dtype=np.uint8))
    return ["--data", "clean.npy", "--sigma", 25]


@pytest.mark.parametrize("network", ["foe", "nlr-mrf", "dncnn"])
def test_training_writes_weights_that_denoise_takes(pictures, work, done, network):
    found = json.loads(done("train", network, *pictures, *TINY, "--research", "-o", "w.safetensors", "--json"))
    assert found["depth"] == 2
    card = load_weights("w.safetensors").card
    assert card["sigma"] == 25
    assert card["terms"] == "research"
    assert card["training"]["images"] == 2
    assert card["training"]["command"].startswith(f"minimand train {network} --data clean.npy --sigma 25")
    words = ["--sigma", 25, "--method", network, "--weights", "w.safetensors", "--json"]
    used = json.loads(done("denoise", "clean.npy", "-o", "x.npy", *words))
    assert used["weights"] == "w"
    assert np.load("x.npy").shape == (3, 24, 20)


def test_a_network_for_a_range_of_noise_serves_message_passing_too(pictures, work, done):
    smooth = np.add.outer(5 * np.arange(24), 6 * np.arange(20)).astype(np.uint8)
    np.save("clean.npy", np.stack([smooth, smooth[::-1], smooth[:, ::-1]]))
    done("train", "foe", *pictures[:2], "--sigma", "5:50", *TINY, "-o", "w.safetensors")
    assert load_weights("w.safetensors").card["sigma"] == [5, 50]
    words = ["--operator", "hadamard:0.5", "--methods", "zero-filled,ldamp", "--weights", "w.safetensors", "--json"]
    found = json.loads(done("compare", "clean.npy", *words))["methods"]
    assert found["ldamp"]["psnr"] > found["zero-filled"]["psnr"]


def test_a_shared_network_starts_one_that_shares_nothing(pictures, work, done):
    done("train", "foe", *pictures, *TINY, "--shared", "-o", "a.safetensors")
    done("train", "foe", *pictures, *TINY, "--pace", 1e-6, "--from", "a.safetensors", "-o", "b.safetensors")
    a, b = (load_weights(f"{name}.safetensors") for name in "ab")
    assert len(b.state) == 2 * len(a.state)
    assert b.card["training"]["from"]["command"] == a.card["training"]["command"]
    assert b.card["validation"]["psnr_untrained"] == pytest.approx(a.card["validation"]["psnr"], abs=1e-3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["foe", "--data", "clean.npy"], "Missing option '--sigma'"),
        (["foe", "--data", "clean.npy", "--sigma", 25, "--mask", "radial:0.2"], "No such option: --mask"),
        (["foe", "--data", "clean.npy", "--sigma", "9:5"], "--sigma 9:5: write the noise, such as 25, or least and"),
        (["foe", "--data", "clean.npy", "--sigma", "0"], "--sigma 0: write the noise"),
        (["foe", "--data", "clean.npy", "--sigma", "x"], "--sigma x: write the noise"),
        (["dncnn", "--data", "clean.npy", "--sigma", 25, "--shared"], "dncnn:"),
        (["foe", "--data", "clean.npy", "--sigma", 25, "--filters", 99], "1 to 24 filters of size 5"),
        (["foe", "--data", "clean.npy[0]", "--sigma", 25], "one picture is too few"),
        (
            ["admm-net", "--data", "clean.npy", "--sigma", 25, "--mask", "radial:0.2"],
            "No such option: --sigma",
        ),
    ],
)
def test_mistakes_are_one_line(pictures, refused, words, said):
    assert said in refused("train", *words, "-o", "w.safetensors")
