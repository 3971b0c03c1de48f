"""`minimand compare --operator`: natural images from compressive measurements."""

import json

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.dead_leaves import dead_leaf_picture
from minimand.weights import save_weights


@pytest.fixture
def picture(work):
    """An 8-bit grey picture of odd, unequal sides that reaches 200."""
    leaves = dead_leaf_picture(64, np.random.default_rng(0)).numpy()[:45, :63]
    Image.fromarray((200 * leaves / leaves.max()).round().astype(np.uint8)).save("grey.png")
    return "grey.png"


@pytest.mark.parametrize(
    "spec", ["hadamard:0.4", "diffraction:0.3", "structural:40%", "blocks:0.4:16", "orthogonal:0.4"]
)
def test_total_variation_is_far_above_zero_filling(spec, picture, done):
    found = json.loads(done("compare", picture, "--operator", spec, "--json"))
    assert found["images"] == 1
    assert list(found["methods"]) == ["zero-filled", "tv"]
    assert found["methods"]["tv"]["psnr"] > found["methods"]["zero-filled"]["psnr"] + 5


def test_psnr_has_peak_255_whatever_the_picture_reaches(picture, done):
    words = ["--operator", "hadamard:0.3", "--methods", "tv", "--json"]
    eight = json.loads(done("compare", picture, *words))["methods"]["tv"]
    np.save("same.npy", np.asarray(Image.open(picture)) / 255)
    tifffile.imwrite("same.tif", np.asarray(Image.open(picture)).astype(np.uint16) * 257)
    for name in ("same.npy", "same.tif"):
        assert json.loads(done("compare", name, *words))["methods"]["tv"]["psnr"] == pytest.approx(
            eight["psnr"], abs=1e-3
        )


def test_colour_becomes_luminance_and_this_is_said(work, minimand):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 48, 3), dtype=np.uint8)).save("colour.png")
    code, out, err = minimand("compare", "colour.png", "--operator", "hadamard:0.3")
    assert code == 0
    assert "colour was turned into luminance" in err
    assert out.startswith("colour.png, hadamard:0.3")


def test_draws_and_noise_follow_the_seed(picture, done):
    def psnr(*words):
        methods = json.loads(done("compare", picture, "--operator", "hadamard:0.3", *words, "--json"))["methods"]
        return methods["tv"]["psnr"]

    assert psnr("--seed", "1") == psnr("--seed", "1") != psnr("--seed", "2")
    assert psnr("--noise", "0.1") < psnr() - 1


def test_the_report_shows_the_frequencies_of_diffraction(picture, work, done):
    done("compare", picture, "--operator", "diffraction:0.3", "--report", "out")
    page = (work / "out" / "index.html").read_text()
    assert "diffraction:0.3" in page
    assert "sampled k-space" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "needs --mask (k-space of scans) or --operator (natural images), got neither"),
        (["--mask", "radial:0.2", "--operator", "hadamard:0.3"], "got both"),
        (["--operator", "hadamrd:0.3"], "did you mean hadamard?"),
        (["--operator", "radial:0.3"], "masks go with --mask radial:0.3"),
        (["--operator", "hadamard:30"], "write hadamard:30%"),
        (["--operator", "diffraction:0"], "must be in (0, 1], got 0"),
        (["--operator", ""], "the operator is empty"),
    ],
)
def test_bad_input_is_one_line(words, said, picture, refused):
    assert said in refused("compare", picture, *words)


def test_a_dense_operator_beyond_memory_is_refused(work, refused):
    Image.new("L", (2048, 2048), 9).save("large.png")
    assert "use blocks or structural" in refused("compare", "large.png", "--operator", "orthogonal:0.5")


def test_what_is_no_picture_is_refused(work, refused):
    np.save("phase.npy", np.full((32, 32), 1 + 1j))
    np.save("signed.npy", np.linspace(-1, 1, 32 * 32).reshape(32, 32))
    np.save("small.npy", np.full((8, 8), 0.5))
    for name, said in [("phase", "got complex ones"), ("signed", "from 0 to white"), ("small", "window of 11 x 11")]:
        assert said in refused("compare", f"{name}.npy", "--operator", "hadamard:0.3")


@pytest.fixture
def network(work, monkeypatch):
    """An untrained ADMM-CSNet for research use, for hadamard:0.3, in the folder MINIMAND_RESEARCH."""
    torch.manual_seed(0)
    (work / "nets").mkdir()
    monkeypatch.setenv("MINIMAND_RESEARCH", str(work / "nets"))
    card = {
        "name": "mine",
        "network": "admm-csnet",
        "arguments": {"depth": 2, "filters": 4},
        "sampling": ["hadamard:0.3"],
        "terms": "research",
        "training": {"licence": "BSD"},
    }
    save_weights(work / "nets" / "mine.safetensors", card, ADMMCSNet(2, filters=4).state_dict())
    return work / "nets" / "mine.safetensors"


def test_research_weights_are_picked_and_said(picture, network, minimand):
    words = ["compare", picture, "--operator", "hadamard:0.25", "--methods", "tv,admm-csnet", "--weights", "research"]
    code, out, err = minimand(*words)
    assert code == 0
    assert "mine: weights for research use (BSD)" in err
    assert "admm-csnet" in out
    assert "mine (research): admm-csnet" in minimand("weights", "list").out


def test_a_learned_method_without_weights_says_how_to_get_some(picture, network, refused):
    words = ["compare", picture, "--operator", "structural:0.25", "--methods"]
    assert "minimand train admm-csnet" in refused(*words, "admm-csnet")
    assert "holds no admm-csnet for structural:0.25" in refused(*words, "admm-csnet", "--weights", "research")
    assert "one learned method at a time" in refused(*words, "admm-csnet,admm-net", "--weights", network)
    assert "needs one learned method" in refused(*words, "tv", "--weights", "research")
