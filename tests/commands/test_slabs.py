"""Scans that do not fit into the memory they may use: worked on in parts, with the same result."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from minimand.io import read_array, room
from minimand.reconstruction import memory
from minimand.systems.mri.coils import ring

RNG = np.random.default_rng(4)

SIZE = (24, 21)


def centred(x):
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(x, axes=(-2, -1)), norm="ortho"), axes=(-2, -1))


@pytest.fixture
def series(work, scans, done) -> Path:
    """A NIfTI of k-space, 3 volumes of 4 slices, and the images in series.nii.gz."""
    volume = nibabel.load(scans / "volume.nii.gz")
    series = np.stack([volume.get_fdata(), 2 * volume.get_fdata(), volume.get_fdata()[::-1]], -1)
    series[..., 1, 0] = 0  # an empty slice
    nibabel.save(nibabel.Nifti1Image(series.astype(np.float32), volume.affine), "series.nii.gz")
    done("simulate", "series.nii.gz", "--mask", "random:0.4", "-o", "k.nii.gz")
    return work / "k.nii.gz"


def alike(words, minimand, monkeypatch, suffix=".nii.gz") -> str:
    """A command from memory and from disk gives the same bytes; what it said the second time."""
    monkeypatch.setattr(memory, "BATCH_PIXELS", 3 * SIZE[0] * SIZE[1])
    found = minimand(*words, "-o", f"whole{suffix}")
    assert found.code == 0, found.err
    assert "lies on disk" not in found.err
    monkeypatch.setattr(room, "SHARE", 2**40)
    found = minimand(*words, "-o", f"parts{suffix}")
    assert found.code == 0, found.err
    assert Path(f"whole{suffix}").read_bytes() == Path(f"parts{suffix}").read_bytes()
    return found.err


@pytest.mark.parametrize("method", ["zero-filled", "tv", "admm-net", "admm-csnet"])
def test_a_series_of_volumes_comes_out_the_same(series, minimand, monkeypatch, method):
    said = alike(["reconstruct", series, "--method", method], minimand, monkeypatch)
    assert "it lies on disk" in said
    assert "3 volumes of 4 slices seen by one coil" in said
    found, truth = nibabel.load("parts.nii.gz"), nibabel.load("series.nii.gz")
    assert found.shape == truth.shape
    np.testing.assert_allclose(found.affine, truth.affine)
    if method == "tv":
        assert np.linalg.norm(found.get_fdata() - truth.get_fdata()) < 0.2 * np.linalg.norm(truth.get_fdata())


@pytest.mark.parametrize("maps", [[], ["--maps", "maps.npy"]])
def test_coil_data_with_noise_and_compression_come_out_the_same(work, minimand, monkeypatch, maps):
    mask = np.zeros(SIZE, bool)
    mask[::2] = mask[8:16] = True
    coils = ring(SIZE, 10).numpy()
    kspace = centred(coils * (1 + RNG.random((3, 1, *SIZE)))) * mask
    noise = RNG.normal(size=(10, 100)) + 1j * RNG.normal(size=(10, 100))
    np.savez("k.npz", kspace=kspace, mask=mask, noise=1e-3 * noise)
    np.save("maps.npy", coils.astype(np.complex64))
    said = alike(["reconstruct", "k.npz", "--method", "sense-tv", *maps], minimand, monkeypatch, ".npy")
    assert "10 coils compressed to 8" in said


def test_masks_of_slices_and_batches_come_out_the_same(work, minimand, monkeypatch):
    masks = RNG.random((5, *SIZE)) < 0.5
    np.savez("k.npz", kspace=centred(1 + RNG.random((5, *SIZE))) * masks, mask=masks)
    alike(["reconstruct", "k.npz", "--method", "tv"], minimand, monkeypatch, ".npz")


def test_a_method_that_needs_more_for_one_image_says_how_much(series, refused, monkeypatch):
    monkeypatch.setattr(memory, "working_bytes", lambda method, coils=1: 10**5)
    said = refused("reconstruct", series, "--memory", "0.0625", "-o", "x.nii")
    assert "admm-csnet needs about 0.12 GiB for an image of 32 x 40" in said
    assert "--memory 0.24" in said


CHILD = """
import json, resource, sys
from minimand.commands.app import run
import torch
torch.set_num_threads(1)
def anonymous():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))
import minimand.systems.mri.scan as scan
import minimand.reconstruction.reconstruct
seen = [anonymous()]
usual = scan.reconstruct
def reconstruct(data, method):
    seen.append(anonymous())
    return usual(data, method)
scan.reconstruct = reconstruct
code = run(sys.argv[1:])
seen.append(anonymous())
print(json.dumps([code, max(seen) - seen[0]]))
"""


@pytest.mark.slow
def test_a_series_larger_than_the_limit_stays_within_it(work):
    """150 MiB of k-space with 64 MiB of memory."""
    rng = np.random.default_rng(0)
    images = rng.random((100, 24, 90, 91), np.float32)
    kspace = centred(images).astype(np.complex64).transpose(2, 3, 1, 0)
    nibabel.save(nibabel.Nifti1Image(kspace, np.diag([2.0, 2, 3, 1])), "k.nii.gz")
    grown, settings = (
        {},
        {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(2**20)},
    )  # what lives counts
    for name, limit in (("whole", "8"), ("parts", "0.0625")):
        words = ["reconstruct", "k.nii.gz", "--method", "zero-filled", "--memory", limit, "-o", f"{name}.nii"]
        command = [sys.executable, "-c", CHILD, *words]
        done = subprocess.run(command, env=settings, capture_output=True, text=True, check=True)
        code, grown[name] = json.loads(done.stdout.splitlines()[-1])
        assert code == 0, done.stderr
        assert ("lies on disk" in done.stderr) == (name == "parts")
    assert Path("parts.nii").read_bytes() == Path("whole.nii").read_bytes()
    np.testing.assert_allclose(read_array("parts.nii").array, images, atol=1e-5)
    assert kspace.nbytes > 2 * 2**26
    assert grown["parts"] < 2**16  # KiB
    assert grown["whole"] > 3 * 2**16
