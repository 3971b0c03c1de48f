"""Restoration: each degradation is taken back, in any units and layout, and nothing beyond the edges is assumed."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from minimand.io import InputError, Stored
from minimand.metrics import psnr
from minimand.operators import Mosaic
from minimand.reconstruction.dead_leaves import dead_leaves
from minimand.systems.restoration.degradations import parse_degradation
from minimand.systems.restoration.restore import restore

SIZE = (30, 32)


@pytest.fixture
def clean(tmp_path, monkeypatch):
    """A picture of three colours from 0 to 255, and a mask of half its pixels in the working folder."""
    monkeypatch.chdir(tmp_path)
    known = np.random.default_rng(0).random(SIZE) < 0.5
    Image.fromarray((255 * known).astype(np.uint8)).save("known.png")
    return 255 * torch.stack([t[: SIZE[0], : SIZE[1]].double() for t in dead_leaves(3, seed=3)])[None]


def stored(x: torch.Tensor) -> Stored:
    """(batch, height, width), or colours (batch, 3, height, width)."""
    colour = x.ndim == 4
    return Stored((x.movedim(1, -1) if colour else x).numpy(), Path("x.npy"), None, "numpy", channels=colour)


def observed(x: torch.Tensor, text: str, sigma: float) -> torch.Tensor:
    y = parse_degradation(text, SIZE).operator(SIZE)(x)
    return y + sigma * torch.randn(y.shape, dtype=y.dtype)


@pytest.mark.parametrize(
    ("text", "method"),
    [("blur:1.2", "tv"), ("motion:7:30", "foe"), ("mask:known.png", "tv"), ("mask:known.png", "foe")],
)
def test_blur_is_taken_off_and_holes_are_filled(clean, text, method):
    x = clean[0, :1]
    y = observed(x, text, 1.0)
    found = restore(stored(y), text, 1.0, method=method, periodic=True)
    assert found.array.shape == y.shape
    assert found.sigmas == [1.0]
    assert float(psnr(torch.from_numpy(found.array), x, 255.0)) > float(psnr(y, x, 255.0)) + 3


@pytest.mark.parametrize("method", ["foe", pytest.param("tv", marks=pytest.mark.slow)])
def test_a_mosaic_becomes_a_colour_picture(clean, method):
    y = observed(clean, "mosaic:grbg", 1.0)
    found = restore(stored(y), "mosaic:grbg", 1.0, method=method)
    assert found.stored.channels
    assert found.array.shape == (1, *SIZE, 3)
    truth = clean.movedim(1, -1)
    naive = Mosaic("grbg").adjoint(y).movedim(1, -1)
    assert float(psnr(torch.from_numpy(found.array), truth, 255.0)) > float(psnr(naive, truth, 255.0)) + 10


def test_a_denoiser_beats_total_variation_behind_motion_blur(clean):
    x = clean[0]
    y = observed(x, "motion:9:30", 2.55)
    learned, tv = (
        psnr(torch.from_numpy(restore(stored(y), "motion:9:30", 2.55, method=m, periodic=True).array), x, 255.0).mean()
        for m in ("foe", "tv")
    )
    assert learned > tv + 0.3


def test_what_lies_beyond_the_edges_is_not_assumed(clean):
    x, text, edge = clean[0, :1], "motion:9:0", 8
    y = observed(x, text, 0.5)[:, edge:-edge, edge:-edge]  # of a larger scene, as cameras see it
    truth = x[:, edge:-edge, edge:-edge]
    free, round_ = (
        psnr(torch.from_numpy(restore(stored(y), text, 0.5, periodic=p).array), truth, 255.0) for p in (False, True)
    )
    assert free > round_ + 2


def test_colours_are_restored_and_images_are_independent(clean):
    y = observed(clean[0], "blur:1.2", 1.0)
    colour = torch.stack([y, y.flip(0)])
    together = restore(stored(colour), "blur:1.2", 1.0, method="tv").array
    assert together.shape == (2, *SIZE, 3)
    assert_close(together[0], together[1][..., ::-1].copy(), rtol=1e-6, atol=0.05)
    alone = restore(stored(colour[:1]), "blur:1.2", 1.0, method="tv").array
    assert_close(together[:1], alone, rtol=1e-9, atol=1e-9)


def test_units_do_not_matter_and_the_noise_of_blurred_images_is_estimated(clean):
    y = observed(clean[0, :1], "blur:1.2", 4.0)
    small, large = (restore(stored(c * y), "blur:1.2", method="tv") for c in (1.0, 2.0**20))
    assert_close(large.array / 2.0**20, small.array, rtol=1e-9, atol=1e-9)
    assert small.sigmas[0] == pytest.approx(4.0, rel=0.25)


def test_a_kernel_comes_from_a_file_with_its_sum_made_one(clean):
    np.save("kernel.npy", np.full((2, 3), 7))
    kernel = parse_degradation("blur:kernel.npy", SIZE).kernel
    assert kernel.shape == (3, 3)
    assert_close(kernel, torch.tensor([[1.0, 1, 1], [1, 1, 1], [0, 0, 0]]) / 6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("blur", "write blur:SIGMA"),
        ("blur:-2", "write blur:SIGMA"),
        ("blur:nan", "write blur:SIGMA"),
        ("motion:9", "write blur:SIGMA"),
        ("mosaic:rgbg", "write blur:SIGMA"),
        ("blur:20", "121 x 121 pixels, the picture 30 x 32"),
        ("motion:50:3", "51 x 51 pixels, the picture 30 x 32"),
        ("blur:1e300", "the kernel must be the smaller one"),
        ("mask:gone.png", "gone.png: no such file"),
        ("mask:small.npy", "they must agree"),
        ("blur:zero.npy", "a positive sum, got 0"),
        ("blur:large.npy", "the kernel has 50 x 3 pixels, the picture 30 x 32"),
    ],
)
def test_a_degradation_that_cannot_be_is_refused(clean, text, said):
    np.save("small.npy", np.ones((3, 4), bool))
    np.save("zero.npy", np.zeros((3, 3)))
    np.save("large.npy", np.ones((50, 3)))
    with pytest.raises(InputError, match=said):
        parse_degradation(text, SIZE)


def test_what_cannot_be_restored_is_refused(clean):
    with pytest.raises(InputError, match="it needs no mosaic"):
        restore(stored(clean), "mosaic")
    with pytest.raises(InputError, match="real images"):
        restore(stored(torch.complex(clean[0], clean[0])), "blur:1")
    with pytest.raises(InputError, match="positive and finite"):
        restore(stored(clean[0]), "blur:1", -1.0)
    with pytest.raises(InputError, match="give --sigma"):
        restore(stored(clean[0, :, :9, :9]), "blur:1")
