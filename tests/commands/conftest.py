"""A user at the command line: a folder of small scans, an untrained network, and `minimand` called in this process."""

from pathlib import Path
from typing import NamedTuple

import nibabel
import numpy as np
import pytest
import torch

from minimand.commands.app import run
from minimand.reconstruction.admm_net import ADMMNet
from minimand.reconstruction.phantoms import phantom
from minimand.weights import save_weights

AFFINE = np.array([[0, -2, 0, 10], [1.5, 0, 0, -20], [0, 0, 3, 5], [0, 0, 0, 1.0]])
SIZE = (32, 40)


class Said(NamedTuple):
    """What a command gave back."""

    code: int
    out: str
    err: str


@pytest.fixture
def minimand(capsys):
    """`minimand("score", x, t)` runs a command line here."""

    def call(*words) -> Said:
        capsys.readouterr()
        code = run([str(word) for word in words])
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture
def done(minimand):
    """A command that must succeed; gives its stdout."""

    def call(*words) -> str:
        said = minimand(*words)
        assert said.code == 0, said.err
        return said.out

    return call


@pytest.fixture
def refused(minimand, work):
    """A command that must end in one clear line, exit code 2 and nothing written; gives the line."""

    def call(*words) -> str:
        before = listing(work)
        said = minimand(*words)
        assert said.code == 2
        assert said.out == ""
        assert said.err.startswith("minimand: ")
        assert said.err.endswith("\n")
        assert said.err.count("\n") == 1
        assert listing(work) == before
        return said.err

    return call


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder with its size and time."""
    found = {path: path.stat() for path in folder.rglob("*")}
    return {str(path): (stat.st_size, stat.st_mtime_ns) for path, stat in found.items() if path.is_file()}


@pytest.fixture(scope="session")
def scans(tmp_path_factory) -> Path:
    """Images: one.npy, odd.npy (33 x 27), complex.npy, stack.npz (4 slices), volume.nii.gz; tiny.safetensors."""
    folder = tmp_path_factory.mktemp("scans")
    generator = torch.Generator().manual_seed(5)
    stack = np.stack([phantom(SIZE, generator).double().numpy() for _ in range(4)])
    np.save(folder / "one.npy", 700 * stack[0])
    np.save(folder / "odd.npy", phantom((33, 27), generator).numpy())
    np.save(folder / "complex.npy", stack[1] * np.exp(1j * np.linspace(0, 3, SIZE[1])))
    np.savez(folder / "stack.npz", image=1000 * stack)
    volume = np.round(1000 * np.moveaxis(stack, 0, -1)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(volume, AFFINE), folder / "volume.nii.gz")
    torch.manual_seed(0)
    card = {"name": "tiny", "network": "admm-net", "arguments": {"depth": 2}, "summary": "2 stages, untrained"}
    save_weights(folder / "tiny.safetensors", card, ADMMNet(2).state_dict())
    return folder


@pytest.fixture
def work(tmp_path, monkeypatch) -> Path:
    """An empty folder, the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def one(scans, work, done) -> Path:
    """K-space of one.npy at about 30 %, with its mask: k.npz in the current folder."""
    done("simulate", scans / "one.npy", "--mask", "radial:0.3", "-o", "k.npz")
    return work / "k.npz"
