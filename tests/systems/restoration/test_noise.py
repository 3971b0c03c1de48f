"""The noise of the tables: as strong as they say, the same for a picture each time."""

import pytest
import torch

from minimand.metrics import psnr
from minimand.systems.restoration.measuring import PEAK, noise_of_picture


@pytest.mark.parametrize(("sigma", "level"), [(15.0, 24.61), (25.0, 20.17), (50.0, 14.15)])
def test_noise_has_the_level_that_its_table_names(sigma, level):
    grey = torch.full((1, 481, 321), 1000.0)  # so bright that no value is negative: PSNR is of magnitudes
    noisy = grey + noise_of_picture(0, grey, sigma)
    assert float(psnr(noisy, grey, PEAK)) == pytest.approx(level, abs=0.03)
    assert torch.equal(noisy, grey + noise_of_picture(0, grey, sigma))
    assert not torch.equal(noisy, grey + noise_of_picture(1, grey, sigma))
