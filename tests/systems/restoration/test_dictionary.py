"""Dictionary denoising."""

import pytest
import torch
from torch.testing import assert_close

from minimand.learning.dictionary import overcomplete_cosines
from minimand.metrics import psnr
from minimand.reconstruction.dead_leaves import dead_leaves
from minimand.systems.restoration.dictionary import denoise


@pytest.fixture(scope="module")
def picture():
    return dead_leaves(1, seed=3)[0][:48, :40].float()


def noisy(picture, sigma, seed=0):
    return picture + sigma * torch.randn(picture.shape, generator=torch.Generator().manual_seed(seed))


def test_it_takes_noise_off_by_a_given_dictionary_and_by_a_learned_one(picture):
    y = noisy(picture, 0.1)
    cosines = overcomplete_cosines(6, 9)[:, 1:]
    given, learned = denoise(y, 0.1, size=6, dictionary=cosines), denoise(y, 0.1, size=6, rounds=4)
    gains = [float(psnr(x[None], picture[None], 1.0) - psnr(y[None], picture[None], 1.0)) for x in (given, learned)]
    assert min(gains) > 6


def test_the_units_are_those_of_the_image(picture):
    y, cosines = noisy(picture, 0.1).double(), overcomplete_cosines(6, 9)[:, 1:].double()
    x = denoise(y, 0.1, size=6, dictionary=cosines)
    assert_close(denoise(255 * y, 25.5, size=6, dictionary=cosines), 255 * x)


def test_an_image_without_structure_becomes_its_mean():
    y = 0.5 + 0.1 * torch.randn(32, 32)
    x = denoise(y, 0.2, size=8, dictionary=overcomplete_cosines(8, 11)[:, 1:])
    assert float(x.std()) < 0.3 * float(y.std())


@pytest.mark.parametrize("sigma", [0.0, -1.0, torch.nan])
def test_a_noise_level_that_is_not_positive_is_refused(picture, sigma):
    with pytest.raises(ValueError, match="positive noise level"):
        denoise(picture, sigma)


def test_patches_larger_than_the_image_and_zero_atoms_are_refused(picture):
    with pytest.raises(ValueError, match="Patches of 50 x 50 pixels do not fit"):
        denoise(picture, 0.1, size=50)
    with pytest.raises(ValueError, match="got atom 2"):
        denoise(picture, 0.1, size=6, dictionary=torch.eye(36)[:, :5] * torch.tensor([1, 1, 0, 1, 1]))
