"""`torchrun -m minimand train`: processes share the mini-batches of a step, and nothing else changes."""

import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from minimand.weights import load_weights

pytestmark = pytest.mark.slow
SMALL = ["--mask", "random:0.3", "--depth", "2", "--batch", "2", "--every", "3", "--seed", "3", "--accumulate", "2"]
SCRIPT = """
import os, signal, sys
import minimand.reconstruction.training as training
rank, usual = os.environ.get("RANK", "0"), training.Reconstruct.loss
def loss(self, net, step):
    with open(f"steps-{rank}", "a") as file:
        print(step, file=file)
    if [rank, str(step)] == sys.argv[1:3]:
        os.kill(os.getpid(), signal.SIGKILL)
    return usual(self, net, step)
training.Reconstruct.loss = loss
from minimand.commands.app import run
import torch
torch.set_num_threads(1)
sys.exit(run(sys.argv[3:]))
"""


@pytest.fixture
def words(scans, work) -> list[str]:
    Path("script.py").write_text(SCRIPT)
    return ["train", "admm-net", "--data", f"{scans}/stack.npz", *SMALL]


def torchrun(*words, lost=("-", "-"), count=2) -> subprocess.CompletedProcess:
    line = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", count, "script.py"]
    return subprocess.run(
        [*map(str, line), *lost, *map(str, words)], capture_output=True, text=True, check=False, timeout=600
    )


def own(text: str) -> list[str]:
    """What Minimand said, without progress and torchrun's own report, which ends in a traceback of its own."""
    return [line for line in text.splitlines() if line.startswith(("minimand:", "note:")) or "src/minimand/" in line]


def steps(rank: int) -> list[int]:
    return [int(line) for line in Path(f"steps-{rank}").read_text().split()]


def test_two_processes_give_the_result_of_one_and_share_the_work(words, done, work):
    words += ["--steps", "7", "--full", "2"]
    done(*words, "-o", "one.safetensors")
    for name in ("two", "again"):
        for rank in (0, 1):
            Path(f"steps-{rank}").unlink(missing_ok=True)
        ended = torchrun(*words, "-o", f"{name}.safetensors")
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.count("\n") == 1
        assert "two.safetensors" in ended.stdout or name == "again"
        assert steps(0) == list(range(0, 14, 2))
        assert steps(1) == list(range(1, 14, 2))
    one, two, again = (load_file(f"{name}.safetensors") for name in ("one", "two", "again"))
    for name, numbers in one.items():
        assert float((two[name] - numbers).abs().max()) <= 1e-5
        assert again[name].equal(two[name])
    alone, shared = load_weights("one.safetensors").card, load_weights("two.safetensors").card
    assert shared["validation"]["psnr"] == pytest.approx(alone["validation"]["psnr"], abs=1e-3)
    assert not list(work.glob("*.checkpoint"))


@pytest.mark.parametrize("rank", [0, 1])
def test_a_lost_process_ends_all_with_one_line_and_the_run_goes_on(words, done, work, rank):
    words += ["--steps", "9"]
    done(*words, "-o", "whole.safetensors")
    ended = torchrun(*words, "-o", "parts.safetensors", lost=(str(rank), str(8 + rank)))
    assert ended.returncode != 0
    assert len(own(ended.stderr)) == 1, ended.stderr
    assert "another process of this training has ended" in own(ended.stderr)[0]
    assert ended.stdout == ""
    assert sorted(path.name for path in work.glob("*parts*")) == ["parts.checkpoint"]
    again = torchrun(*words, "-o", "parts.safetensors", "--resume")
    assert again.returncode == 0, again.stderr
    whole, parts = (load_file(f"{name}.safetensors") for name in ("whole", "parts"))
    assert max(float((parts[name] - numbers).abs().max()) for name, numbers in whole.items()) <= 1e-5


def test_mistakes_are_told_once(words, work):
    ended = torchrun(*words, "--steps", "9", "-o", "w.safetensors", count=3)
    said = "minimand: a step has 2 mini-batches, which 3 processes cannot share evenly; add --accumulate 3"
    assert own(ended.stderr) == [f"{said}, or start fewer."]
    ended = torchrun("train", "mr-ct", "--mr", "a", "--ct", "b", "-o", "w.safetensors")
    assert sum("runs in one process; start it without torchrun" in line for line in own(ended.stderr)) == 1
    assert not list(work.glob("*w.*"))
