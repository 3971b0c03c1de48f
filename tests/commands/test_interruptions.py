"""Interruptions: SIGTERM, a full disk, `kill -9` at any time, two processes with one output."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from minimand.io import read_array
from minimand.learning.checkpoint import load_checkpoint
from minimand.weights import load_weights

SCALE = int(os.environ.get("MINIMAND_KILLS", "20")) / 20  # of 20 kills, 8 are of reconstruct, 7 of train, 5 of batch
SMALL = ["--mask", "random:0.3", "--depth", 1, "--batch", 2, "--every", 2, "--steps", 8, "--seed", 3]
ASIDE = """
import errno, os, signal, sys
import minimand.reconstruction.training as training
import minimand.learning.checkpoint as checkpoint
usual, what, stop = training.Reconstruct.loss, sys.argv[1], int(sys.argv[2])
def loss(self, net, step):
    if step == stop:
        if what == "term":
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            def full(handle):
                raise OSError(errno.ENOSPC, "No space left on device")
            os.fsync = full
    return usual(self, net, step)
training.Reconstruct.loss = loss
from minimand.commands.app import run
import torch
torch.set_num_threads(1)
sys.exit(run(sys.argv[3:]))
"""


@pytest.fixture
def words(scans):
    return ["train", "admm-net", "--data", scans / "stack.npz", *SMALL]


@pytest.mark.parametrize(("what", "code"), [("term", 130), ("full", 2)])
def test_training_goes_on_bit_for_bit_after_sigterm_and_after_a_full_disk(words, work, done, what, code):
    done(*words, "-o", "whole.safetensors")
    line = [sys.executable, "-c", ASIDE, what, "5", *map(str, words), "-o", "parts.safetensors"]
    stopped = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
    assert stopped.returncode == code, stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert ("No space left" in stopped.stderr) == (what == "full")
    assert sorted(path.name for path in work.glob("*parts*")) == ["parts.checkpoint"]
    done(*words, "-o", "parts.safetensors", "--resume")
    whole, parts = load_weights("whole.safetensors").card, load_weights("parts.safetensors").card
    assert parts["sha256"] == whole["sha256"]
    assert parts["validation"] == whole["validation"]


def start(*words) -> subprocess.Popen:
    line = [sys.executable, "-m", "minimand", *map(str, words)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_that_write_one_output_leave_it_whole(one, work, done):
    done("reconstruct", one, "--method", "zero-filled", "-o", "own.npz")
    words = ["reconstruct", one, "--method", "zero-filled", "-o", "x.npz", "--force"]
    both = [start(*words) for _ in range(2)]
    for process in both:
        _, err = process.communicate()
        assert process.returncode == 0, err
    np.testing.assert_array_equal(read_array("x.npz").array, read_array("own.npz").array)
    assert sorted(path.name for path in work.glob("*x.npz*")) == ["x.npz", "x.npz.json"]


def killed(seconds: float, *words) -> None:
    """A command that is killed after so many seconds, unless it has ended."""
    process = start(*words)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.slow
def test_a_reconstruction_that_is_killed_leaves_the_old_file_or_the_new_one(scans, work, done):
    done("simulate", scans / "stack.npz", "--mask", "radial:0.3", "-o", "k.npz")
    words = ["reconstruct", "k.npz", "--method", "tv", "-o", "x.npy", "--force"]
    begun = time.monotonic()
    start(*words).communicate()
    long, new = time.monotonic() - begun, Path("x.npy").read_bytes()
    old = b"the file that was there"
    rng = np.random.default_rng(1)
    for _ in range(round(8 * SCALE)):
        Path("x.npy").write_bytes(old)
        killed(float(rng.uniform(0.3, 1.1) * long), *words)
        assert Path("x.npy").read_bytes() in (old, new)
        assert not list(work.glob(".*"))
    done(*words)
    assert Path("x.npy").read_bytes() == new


def killed_after_saving(saved: Path, seconds: float, *words) -> bool:
    """A command that is killed so many seconds after it has written `saved`, unless it has ended; whether it was."""

    def written() -> int:
        return saved.stat().st_mtime_ns if saved.exists() else 0

    before, process = written(), start(*words)
    while process.poll() is None and written() == before:
        time.sleep(0.01)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_training_that_is_killed_again_and_again_ends_with_the_same_weights(words, work, done):
    words = [*words[:-6], "--every", 2, "--steps", 200, "--seed", 3]
    done(*words, "-o", "whole.safetensors")
    whole, rng = load_weights("whole.safetensors").card["sha256"], np.random.default_rng(2)
    saved, output, kills = Path("parts.checkpoint"), Path("parts.safetensors"), 0
    while kills < round(7 * SCALE):
        if output.exists() and not saved.exists():  # it ended before it was killed
            assert load_weights(output).card["sha256"] == whole
            output.unlink()
        resume = ["--resume"] if saved.exists() else []
        kills += killed_after_saving(saved, float(rng.uniform(0, 0.3)), *words, "-o", output, *resume, "--force")
        for left in work.glob(".*"):  # killed between naming and moving it
            whole_only = load_checkpoint if left.name.startswith(".parts.checkpoint.") else load_weights
            whole_only(left)
            left.unlink()
    if saved.exists() or not output.exists():
        done(*words, "-o", output, *(["--resume"] if saved.exists() else []), "--force")
    assert load_weights(output).card["sha256"] == whole
    assert not os.path.exists(saved)
