"""The metrics against scikit-image and against figures worked out by hand."""

import math

import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from minimand.metrics import (
    ciede2000,
    dice,
    jaccard,
    leave_one_out,
    mae,
    nmse,
    psnr,
    retrieval,
    score,
    ssim,
    ssim_map,
    surface_distances,
)

DTYPES = [torch.float32, torch.float64, torch.complex64, torch.complex128]
SIZES = [(32, 32), (11, 11), (37, 20), (15, 41)]


def pair(size, dtype):
    generator = torch.Generator().manual_seed(size[0])
    t = torch.randn(3, *size, generator=generator, dtype=dtype)
    return t + 0.2 * torch.randn(3, *size, generator=generator, dtype=dtype), t


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_ssim_and_psnr_are_those_of_scikit_image_on_magnitudes(size, dtype):
    x, t = pair(size, dtype)
    peak = t.abs().amax((1, 2)).double()
    for got_ssim, got_psnr, a, b, p in zip(ssim(x, t, peak), psnr(x, t, peak), x, t, peak, strict=True):
        a, b, p = a.abs().double().numpy(), b.abs().double().numpy(), p.item()
        want = structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=p)
        torch.testing.assert_close(got_ssim.item(), want, atol=1e-6, rtol=0)
        torch.testing.assert_close(got_psnr.item(), peak_signal_noise_ratio(b, a, data_range=p), atol=1e-5, rtol=0)


def test_figures_worked_out_by_hand():
    t = torch.tensor([[[3.0, 4.0], [0.0, 0.0]]])
    x = torch.tensor([[[3.0, 4.0], [0.0, 1.0]]])
    assert nmse(x, t).item() == pytest.approx(1 / 5)
    assert mae(x, t).item() == pytest.approx(1 / 4)
    assert psnr(x, t, 4.0).item() == pytest.approx(10 * math.log10(16 / (1 / 4)))


def test_nmse_sees_a_wrong_phase_and_psnr_does_not():
    t = torch.ones(1, 4, 4, dtype=torch.complex64)
    assert nmse(-t, t).item() == pytest.approx(2)
    assert psnr(-t, t, 1.0).item() == math.inf


def test_a_complex_image_can_be_held_against_a_real_truth():
    t = torch.full((1, 4, 4), 2.0)
    assert nmse(torch.complex(t, t), t).item() == pytest.approx(1)
    assert mae(torch.complex(t, t), t).item() == pytest.approx(2)


def test_a_batch_is_its_images_one_by_one():
    x, t = pair((20, 24), torch.complex64)
    together = score(x, t, 1.5)
    for i in range(3):
        for whole, single in zip(together, score(x[i : i + 1], t[i : i + 1], 1.5), strict=True):
            torch.testing.assert_close(whole[i : i + 1], single, rtol=1e-12, atol=1e-12)
            assert whole.dtype == torch.float64


def test_nmse_psnr_and_mae_take_images_of_any_dimension():
    t = torch.ones(2, 3, 4, 5, 6)
    assert nmse(0 * t, t).tolist() == pytest.approx([1, 1])
    assert psnr(0 * t, t, torch.tensor([1.0, 10.0])).tolist() == pytest.approx([0, 20])
    assert mae(0 * t, t).tolist() == pytest.approx([1, 1])


def test_an_image_is_perfectly_like_itself():
    _, t = pair((20, 24), torch.complex64)
    got = score(t, t, 1.0)
    assert got.nmse.tolist() == [0, 0, 0]
    assert got.psnr.tolist() == [math.inf] * 3
    assert got.ssim.tolist() == pytest.approx([1, 1, 1])


def test_ssim_can_be_trained_on():
    x, t = (0.5 + torch.rand(2, 1, 12, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))).unbind()
    assert torch.autograd.gradcheck(lambda v: ssim(v, t, 1.0), x.requires_grad_())


def test_images_smaller_than_the_window_are_refused():
    with pytest.raises(ValueError, match="at least 11x11 pixels, got 10x64"):
        ssim(torch.ones(1, 10, 64), torch.ones(1, 10, 64), 1.0)


@pytest.mark.parametrize("peak", [0.0, -1.0, math.nan])
def test_a_peak_that_is_not_positive_is_refused(peak):
    with pytest.raises(ValueError, match="peak must be positive"):
        psnr(torch.ones(1, 2, 2), torch.zeros(1, 2, 2), peak)


def test_colours_differ_as_much_as_sharma_says():
    """Black and white are 100 apart; a grey of half the linear light and its neighbour are hardly seen apart."""
    black = torch.zeros(2, 3, 2, 3)
    assert torch.equal(ciede2000(black, black), torch.zeros(2, dtype=torch.float64))
    assert float(ciede2000(black[:1], black[:1] + 1)) == pytest.approx(100, abs=1e-3)
    assert 0 < float(ciede2000(black[:1] + 0.5, black[:1] + 128 / 255)) < 0.5


def test_ssim_is_the_mean_of_its_map():
    x, t = pair((15, 41), torch.float64)
    found = ssim_map(x, t, 2.0)
    assert found.shape == (3, 5, 31)
    torch.testing.assert_close(found.mean((1, 2)), ssim(x, t, 2.0))
    assert ssim_map(t, t, 2.0).min().item() == pytest.approx(1)


def hits(*rows):
    return torch.tensor(rows, dtype=torch.bool)


def test_figures_of_a_ranked_list_worked_out_by_hand():
    """Three relevant things at ranks 2, 3 and 6 of 8."""
    got = retrieval(hits([0, 1, 1, 0, 0, 1, 0, 0]))
    assert got.nn.item() == 0
    assert got.first_tier.item() == pytest.approx(2 / 3)
    assert got.second_tier.item() == pytest.approx(1)
    precision, recall = 3 / 32, 1
    assert got.e_measure.item() == pytest.approx(2 * precision * recall / (precision + recall))
    gained = 1 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(6)
    assert got.dcg.item() == pytest.approx(gained / (1 + 1 / math.log2(2) + 1 / math.log2(3)))


@pytest.mark.parametrize(("relevant", "printed"), [(11, 51.16), (5, 27.03)])
def test_perfect_lists_reach_one_and_the_ceiling_of_the_e_measure_is_that_of_the_talk(relevant, printed):
    got = retrieval(hits([1] * relevant + [0] * 60))
    assert [float(v) for v in (got.nn, got.first_tier, got.second_tier, got.dcg)] == pytest.approx([1] * 4)
    assert 100 * got.e_measure.item() == pytest.approx(printed, abs=0.005)


def test_a_wrong_first_caps_the_discounted_gain():
    """2.949 of 3.562 for five relevant things, so NN 98.75 % allows a mean of 99.78 % at most."""
    got = retrieval(hits([0] + [1] * 5 + [0] * 40))
    assert got.dcg.item() == pytest.approx(2.949 / 3.562, abs=2e-4)


def test_a_shape_does_not_find_itself_but_its_double():
    distances = torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 2.0, 0.0]])
    labels = torch.tensor([0, 0, 1])
    assert torch.equal(leave_one_out(distances, labels), hits([1, 0], [1, 0], [0, 0]))
    assert torch.equal(leave_one_out(torch.zeros(3, 3), labels), hits([1, 0], [1, 0], [0, 0]))  # ties in their order


def test_lists_without_anything_relevant_are_refused():
    with pytest.raises(ValueError, match="at least one relevant"):
        retrieval(hits([1, 0], [0, 0]))


def test_overlaps_and_surface_distances_of_two_squares():
    a, b = torch.zeros(2, 1, 20, 20, dtype=torch.bool)
    a[0, 5:15, 5:15], b[0, 5:15, 8:18] = True, True
    assert float(dice(a, b)) == pytest.approx(0.7)
    assert float(jaccard(a, b)) == pytest.approx(7 / 13)
    found = surface_distances(a, b, (1.0, 2.0))
    assert float(found.hausdorff) == 6
    assert 0 < float(found.average) < float(found.hausdorff95) <= 6
    assert [float(d) for d in surface_distances(a, a)] == [0, 0, 0]


def test_empty_regions_agree_with_each_other_alone():
    nothing, a = torch.zeros(2, 1, 4, 5, dtype=torch.bool)
    a[0, 1, 1] = True
    assert [float(m(nothing, nothing)) for m in (dice, jaccard)] == [1, 1]
    assert [float(m(a, nothing)) for m in (dice, jaccard)] == [0, 0]
    assert float(surface_distances(nothing, nothing).average) == 0
    assert float(surface_distances(a, nothing).hausdorff) == float("inf")
