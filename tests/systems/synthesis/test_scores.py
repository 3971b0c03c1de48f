"""Scores of a made CT against figures worked out by hand, scikit-image and scipy."""

import pytest
import torch
from skimage.filters import sobel_h, sobel_v

from minimand.systems.synthesis.scores import Scores, gradient_magnitude, paired_test, score_subject, summary


def test_the_gradient_of_a_slope_is_its_steepness():
    x, y = torch.meshgrid(torch.arange(9.0), torch.arange(7.0), indexing="ij")
    assert gradient_magnitude((3 * x + 4 * y)[None])[0, 1:-1, 1:-1] == pytest.approx(torch.full((7, 5), 5.0))


def test_the_gradient_is_that_of_scikit_image():
    image = torch.rand(1, 12, 10, dtype=torch.float64)
    wanted = (sobel_h(image[0].numpy()) ** 2 + sobel_v(image[0].numpy()) ** 2) ** 0.5 / 2  # its unit is two pixels
    assert gradient_magnitude(image)[0, 1:-1, 1:-1].numpy() == pytest.approx(wanted[1:-1, 1:-1])


def test_the_truth_is_perfect_and_an_offset_is_counted_in_hu():
    truth = 1000 * torch.rand(3, 24, 20) - 900
    best, off = (score_subject(truth + by, truth, -1024.0, 1000.0) for by in (0.0, 10.0))
    assert (best.mae, best.ssim, best.ssim_hg) == pytest.approx((0, 1, 1))
    assert off.mae == pytest.approx(10, abs=1e-3)
    assert off.psnr == pytest.approx(20 * torch.log10(torch.tensor(202.4)).item(), abs=1e-3)


def test_padding_below_air_counts_as_air():
    truth = torch.full((1, 20, 20), -1024.0)
    truth[:, 5:15, 5:15] = 300
    padded = torch.where(truth < 0, -2000.0, truth)
    assert score_subject(padded, truth, -1024.0, 1000.0).mae == 0


def test_an_error_at_an_edge_is_seen_by_the_high_gradient_score_most():
    truth = torch.zeros(1, 40, 40)
    truth[:, :, 20:] = 800
    moved = truth.roll(1, 2)
    moved[:, :, 0] = 0
    scores = score_subject(moved, truth, -1024.0, 1000.0)
    assert scores.ssim_hg < scores.ssim - 0.1
    assert 0 <= scores.threshold < 400


def test_means_spreads_and_the_paired_test():
    one = [Scores(float(k), 20.0 + k, 0.5, 0.4, 7.0) for k in range(5)]
    two = [Scores(k + 1 + 0.01 * k * (-1) ** k, 20.0 + k, 0.5, 0.4, 7.0) for k in range(5)]
    found = summary(one)
    assert (found["mae"], found["threshold"]) == (2, 7)
    assert found["mae_spread"] == pytest.approx(2.5**0.5)
    assert paired_test(one, two)["mae"] < 1e-6
    assert paired_test(one, list(reversed(one)))["mae"] == pytest.approx(1)
