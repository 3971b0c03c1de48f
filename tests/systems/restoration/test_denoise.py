"""Denoising: every method lowers the error, in any units and layout, and a batch is its images one by one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError, Stored
from minimand.metrics import psnr
from minimand.reconstruction.dead_leaves import dead_leaves
from minimand.systems.restoration.denoise import denoise
from minimand.systems.restoration.methods import CLASSICAL, get_method
from minimand.systems.restoration.noise import estimate_noise

SIGMA = 0.1


def pictures(count: int, side: int = 48) -> torch.Tensor:
    return torch.stack([t[:side, :side].double() for t in dead_leaves(count, seed=3)])


def noisy(clean: torch.Tensor, sigma: float = SIGMA) -> torch.Tensor:
    return clean + sigma * torch.randn(clean.shape, dtype=clean.dtype)


def stored(array: np.ndarray, *, channels: bool = False) -> Stored:
    return Stored(array, Path("x.npy"), None, "numpy", channels=channels)


def levels(count: int, sigma: float = SIGMA) -> torch.Tensor:
    return torch.full((count,), sigma, dtype=torch.float64)


@pytest.mark.parametrize("name", CLASSICAL)
def test_a_method_lowers_the_error_of_grey_colour_and_complex_images(name):
    run = get_method(name, 25.0).run
    clean = pictures(3)
    for truth in (clean[:1], clean[None], torch.complex(clean[:1], clean[1:2])):
        y = truth + SIGMA * torch.randn_like(truth) * (2**0.5 if truth.is_complex() else 1)
        x = run(y, levels(len(y)))
        assert x.shape == y.shape
        assert x.dtype == y.dtype
        assert bool((psnr(x, truth, 1.0) > psnr(y, truth, 1.0) + 3).all())


@pytest.mark.parametrize("name", ["tv", "bm3d"])
def test_images_are_denoised_one_by_one_each_with_its_noise(name):
    run, y = get_method(name, 25.0).run, noisy(pictures(2, 32))
    sigma = torch.tensor([0.05, 0.2], dtype=torch.float64)
    together = run(y, sigma)
    for k in range(2):
        assert_close(together[k : k + 1], run(y[k : k + 1], sigma[k : k + 1]), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", CLASSICAL)
def test_units_do_not_matter(name):
    y = noisy(pictures(1, 24)[0]).numpy()
    small, large = (denoise(stored(c * y), c * SIGMA, method=name) for c in (1, 2.0**40))
    assert_close(large.array / 2.0**40, small.array, rtol=1e-9, atol=1e-9)
    assert small.sigmas == [SIGMA]


def test_the_noise_is_estimated_image_by_image():
    clean = torch.linspace(0, 1, 128, dtype=torch.float64).expand(2, 128, 128)
    sigma = torch.tensor([0.05, 0.2], dtype=torch.float64)
    y = clean + sigma[:, None, None] * torch.randn(2, 128, 128, dtype=torch.float64)
    assert_close(estimate_noise(y), sigma, rtol=0.05, atol=0)
    assert_close(estimate_noise(torch.complex(y, -y)), sigma, rtol=0.05, atol=0)
    assert denoise(stored(y.numpy()), method="tv").sigmas == pytest.approx(sigma.tolist(), rel=0.05)


def test_an_image_without_noise_stays_as_it_is():
    flat = np.full((2, 20, 20), 7.0)
    assert np.array_equal(denoise(stored(flat), method="tv").array, flat)


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535)])
def test_a_picture_keeps_its_bits_and_an_array_of_integers_becomes_floating_point(dtype, white):
    y = np.clip(np.round(white * noisy(pictures(1, 24)[0]).numpy()), 0, white).astype(dtype)
    as_picture = denoise(stored(y), SIGMA * white, method="tv", picture=True).array
    as_array = denoise(stored(y), SIGMA * white, method="tv").array
    assert as_picture.dtype == dtype
    assert as_array.dtype == np.float32
    assert np.abs(as_picture - as_array.clip(0, white)).max() <= 0.51


def test_colour_keeps_its_layout_in_a_stack():
    y = noisy(pictures(6, 24)).unflatten(0, (2, 3)).movedim(1, -1).numpy()
    x = denoise(stored(y, channels=True), SIGMA, method="bm3d").array
    assert x.shape == y.shape
    one = denoise(stored(y[1], channels=True), SIGMA, method="bm3d").array
    assert_close(x[1], one, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan"), float("inf")])
def test_a_noise_level_that_is_none_is_refused(sigma):
    with pytest.raises(InputError, match="positive and finite"):
        denoise(stored(np.ones((20, 20))), sigma)


@pytest.mark.parametrize(
    ("array", "method", "said"),
    [
        (np.ones(5), "tv", "holds no image"),
        (np.ones((0, 20, 20)), "tv", "holds no image"),
        (np.full((20, 20), np.nan), "tv", "400 NaN or infinite values"),
        (np.ones((15, 20)), "tv", "an estimate of the noise needs 16 x 16 pixels or more, got 15 x 20; give --sigma"),
    ],
)
def test_arrays_that_cannot_be_denoised_are_refused(array, method, said):
    with pytest.raises(InputError, match=said):
        denoise(stored(array), method=method)


def test_a_dictionary_needs_a_patch():
    with pytest.raises(InputError, match="dictionary needs 8 x 8 pixels or more, got 7 x 20; take --method tv"):
        denoise(stored(np.ones((7, 20))), 1.0, method="dictionary")


def test_networks_and_weights_that_are_not_there_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIMAND_RESEARCH", str(tmp_path))
    with pytest.raises(InputError, match="no foe is at hand; make one: minimand train foe"):
        get_method("foe", 25.0, "research")
    with pytest.raises(InputError, match="tv takes no weights"):
        get_method("tv", 25.0, "mine.safetensors")
