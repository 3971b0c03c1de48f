"""`minimand train`: from images to weights; interrupted, resumed, repeated."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from minimand.systems.mri.coils import ring
from minimand.weights import load_weights

TINY = ["--mask", "radial:0.3", "--depth", 1, "--batch", 2, "--every", 3]


@pytest.fixture
def words(scans):
    return ["train", "admm-net", "--data", scans / "stack.npz", *TINY]


def test_training_writes_weights_with_a_card_that_reconstruct_takes(scans, words, one, minimand, done):
    code, out, err = minimand(*words, "--steps", 6, "-o", "w.safetensors", "--licence", "free")
    assert code == 0
    assert out.startswith("w.safetensors: admm-net with 1 stage, validation ")
    assert "learning: 3 of 6 steps" in err
    assert "learning: 6 of 6 steps" in err
    card = json.loads(done("weights", "show", "w.safetensors"))
    assert card["name"] == "w"
    assert card["training"]["command"].startswith("minimand train admm-net --data ")
    assert card["training"]["licence"] == "free"
    assert card["training"]["images"] == 3
    assert [row[0] for row in card["validation"]["history"]] == [3, 6]
    found = json.loads(done("reconstruct", one, "--weights", "w.safetensors", "-o", "x.npz", "--json"))
    assert found["method"] == "admm-net"


def test_the_same_seed_gives_the_same_weights_and_another_does_not(words, work, done):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        done(*words, "--mask", "random:0.3", "--steps", 4, "--seed", seed, "-o", f"{name}.safetensors")
    a, b, c = (load_weights(f"{name}.safetensors").card["sha256"] for name in "abc")
    assert a == b != c


def test_a_run_ends_with_its_weights_alone(words, work, done):
    found = json.loads(done(*words, "--steps", 3, "--full", 1, "-o", "w.safetensors", "--json"))
    assert found["output"] == "w.safetensors"
    assert sorted(path.name for path in work.iterdir()) == ["w.json", "w.safetensors"]


def test_a_csnet_learns_from_compressive_measurements(scans, work, done):
    small = ["--depth", 1, "--filters", 4, "--size", 3, "--batch", 2, "--steps", 3]
    words = ["train", "admm-csnet", "--data", scans / "stack.npz", "--operator", "hadamard:0.3", *small]
    assert json.loads(done(*words, "-o", "w.safetensors", "--json"))["depth"] == 1
    card = load_weights("w.safetensors").card
    assert card["sampling"] == ["hadamard:0.3"]
    assert card["suits"] == pytest.approx([0.3, 0.3], abs=0.01)
    named = ["--methods", "admm-csnet", "--weights", "w.safetensors", "--json"]
    found = json.loads(done("compare", scans / "stack.npz", "--operator", "hadamard:0.3", *named))
    assert set(found["methods"]) == {"admm-csnet"}


def test_a_csnet_learns_from_simulated_coils_and_reconstructs_coil_data(scans, work, done, refused):
    small = ["--depth", 1, "--filters", 4, "--size", 3, "--batch", 2, "--steps", 3, "-o", "w.safetensors"]
    words = ["train", "admm-csnet", "--data", scans / "stack.npz", "--mask", "random:0.5", "--coils", 4, *small]
    assert "add --mask and --complex" in refused(*words)
    done(*words, "--complex")
    card = load_weights("w.safetensors").card
    assert card["arguments"]["free"]
    assert card["training"]["coils"] == "simulated, up to 4 on a ring around the image"
    maps = ring((24, 24), 4).to(torch.complex64)
    image = torch.rand(24, 24) * torch.ones(24, 24, dtype=torch.complex64)
    kspace = torch.fft.fftshift(torch.fft.fft2(torch.fft.ifftshift(maps * image, dim=(-2, -1))), dim=(-2, -1))
    np.savez("coils.npz", kspace=kspace.numpy(), mask=np.ones((24, 24), bool))
    done("reconstruct", "coils.npz", "-o", "x.npz", "--weights", "w.safetensors")


def test_scans_without_truth_are_learned_from(scans, work, done):
    done("simulate", scans / "stack.npz", "--mask", "radial:0.3", "-o", "k.npz")
    small = ["--depth", 1, "--filters", 4, "--size", 3, "--batch", 2, "--steps", 3, "--self-supervised"]
    words = ["train", "admm-csnet", *small, "--every", 2]
    found = json.loads(done(*words, "--data", "k.npz", "-o", "a.safetensors", "--json"))
    assert {"validation_heldout", "step", "depth"} <= set(found)
    card = load_weights("a.safetensors").card
    assert (card["training"]["images"], card["sampling"]) == (3, [])
    assert card["suits"] == pytest.approx([0.3, 0.3], abs=0.02)
    masked = ["--data", scans / "stack.npz", "--mask", "random:0.3"]
    assert "held-out measurements" in done(*words, *masked, "-o", "b.safetensors")
    sensed = ["--data", scans / "stack.npz", "--operator", "hadamard:0.3", "--validate", scans / "one.npy"]
    assert "validation " in done(*words, *sensed, "-o", "c.safetensors")
    assert "no truth" in load_weights("c.safetensors").card["loss"]


def test_figures_on_test_images_are_on_the_card(scans, words, work, done):
    done(*words, "--steps", 3, "--test", scans / "odd.npy", "-o", "w.safetensors")
    (row,) = load_weights("w.safetensors").card["tested"]
    assert row["count"] == 1
    assert row["tv"]["psnr"] > row["zero-filled"]["psnr"]


def test_training_goes_on_from_weights_and_on_crops_of_mixed_images(scans, words, work, done):
    done(*words, "--steps", 3, "-o", "a.safetensors")
    more = ["--data", scans / "odd.npy", "--data", scans / "stack.npz", "--validate", scans / "one.npy"]
    start = ["--from", "a.safetensors", "--depth", 2, "--crop", 24]
    done("train", "admm-net", *more, *TINY, *start, "--steps", 3, "-o", "b.safetensors")
    card = load_weights("b.safetensors").card
    assert card["arguments"] == {"depth": 2, "filters": 8, "size": 3}
    assert "a.safetensors" in card["training"]["from"]["command"]


def interrupted(words, step: int) -> subprocess.CompletedProcess:
    """A training run in a process of its own, interrupted after `step` steps."""
    # the child interrupts itself, so that the run stops at a known step
    child = """
import os, signal, sys
from minimand.commands import progress
import minimand.reconstruction.training as training
usual, stop = training.Reconstruct.loss, int(sys.argv[1])
def loss(self, net, step):
    if step == stop - 1:
        os.kill(os.getpid(), signal.SIGINT)
    return usual(self, net, step)
training.Reconstruct.loss = loss
from minimand.commands.app import run
import torch
torch.set_num_threads(1)
sys.exit(run(sys.argv[2:]))
"""
    line = [sys.executable, "-c", child, str(step), *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=120)


def test_ctrl_c_leaves_a_checkpoint_and_resume_ends_bit_for_bit_alike(words, work, minimand, done, refused):
    words = [*words, "--mask", "random:0.3", "--steps", 7, "--full", 1]
    done(*words, "-o", "whole.safetensors")
    whole = load_weights("whole.safetensors").card

    stopped = interrupted([*words, "-o", "parts.safetensors"], 5)
    assert stopped.returncode == 130
    assert stopped.stdout == ""
    assert "stopped at step 5 of 8; parts.checkpoint keeps it: add --resume to go on" in stopped.stderr
    assert stopped.stderr.endswith("minimand: interrupted\n")
    assert "Traceback" not in stopped.stderr
    assert sorted(path.name for path in work.glob("parts*")) == ["parts.checkpoint"]

    assert "an interrupted run lies here; add --resume" in refused(*words, "-o", "parts.safetensors")
    said = refused(*words, "-o", "parts.safetensors", "--resume", "--batch", 3, "--seed", 4)
    assert "this run has batch 3, seed 4, the one it would resume batch 2, seed 0" in said

    done(*words, "-o", "parts.safetensors", "--resume")
    parts = load_weights("parts.safetensors").card
    assert parts["sha256"] == whole["sha256"]
    assert parts["validation"] == whole["validation"]
    assert sorted(path.name for path in work.glob("parts*")) == ["parts.json", "parts.safetensors"]


def test_a_damaged_checkpoint_is_refused(words, work, refused):
    (work / "w.checkpoint").write_bytes(b"hello")
    assert "is no checkpoint or is damaged" in refused(*words, "--steps", 3, "-o", "w.safetensors", "--resume")


def test_force_starts_an_interrupted_run_anew(words, work, done):
    (work / "w.checkpoint").write_bytes(b"hello")
    done(*words, "--steps", 3, "-o", "w.safetensors", "--force")
    assert sorted(path.name for path in work.iterdir()) == ["w.json", "w.safetensors"]


def test_ctrl_c_before_the_first_step_leaves_nothing(words, work, minimand, monkeypatch):
    def interrupt(*data, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("minimand.reconstruction.jobs.load_split", interrupt)
    assert minimand(*words, "-o", "w.safetensors") == (130, "", "minimand: interrupted\n")
    assert not list(work.iterdir())
