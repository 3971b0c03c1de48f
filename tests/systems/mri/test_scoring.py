"""Scores of files."""

import numpy as np
import pytest

from minimand.io import InputError
from minimand.systems.mri.scoring import require_window, score_files


def files(folder, x, t):
    np.save(folder / "x.npy", x)
    np.save(folder / "t.npy", t)
    return str(folder / "x.npy"), str(folder / "t.npy")


def test_each_image_has_its_own_peak_and_a_truth_of_zeros_is_left_out(tmp_path):
    t = np.random.default_rng(0).random((3, 16, 18)) * np.array([1.0, 0.0, 50.0])[:, None, None]
    scores, factor = score_files(*files(tmp_path, 1.1 * t, t))
    assert scores.nmse.tolist() == pytest.approx([0.1, 0.1])
    peaks = np.abs(t).reshape(3, -1).max(1)[[0, 2]]
    errors = np.square(0.1 * t).reshape(3, -1).mean(1)[[0, 2]]
    assert scores.psnr.tolist() == pytest.approx((10 * np.log10(peaks**2 / errors)).tolist())
    assert factor == pytest.approx(1 / 1.1)


def test_phase_counts_for_nmse_alone(tmp_path):
    t = np.random.default_rng(0).random((16, 18))
    scores, factor = score_files(*files(tmp_path, t * 1j, t))
    assert scores.nmse.item() == pytest.approx(np.sqrt(2))
    assert np.isinf(scores.psnr.item())
    assert scores.ssim.item() == pytest.approx(1)
    assert factor == pytest.approx(1)


def test_an_image_of_zeros_is_scored_without_a_factor(tmp_path):
    scores, factor = score_files(*files(tmp_path, np.zeros((16, 16)), np.ones((16, 16))))
    assert (scores.nmse.item(), factor) == (1.0, 1.0)


@pytest.mark.parametrize("shape", [(0, 16, 16), (16,)])
def test_what_is_no_image_is_refused(tmp_path, shape):
    with pytest.raises(InputError, match="holds no image"):
        score_files(*files(tmp_path, np.ones(shape), np.ones(shape)))


def test_the_window_of_ssim_must_fit():
    require_window("x", (3, 11, 11))
    with pytest.raises(InputError, match="images of 10 x 40 cannot be scored"):
        require_window("x", (10, 40))
