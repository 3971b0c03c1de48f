"""A comparison: images of any sizes and kinds, each sampled, reconstructed and scored by itself."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.metrics import score
from minimand.operators.sampling import parse_mask
from minimand.systems.mri.compare import compare
from minimand.systems.mri.phantoms import phantom

SIZES = [(24, 24), (20, 27), (24, 24), (20, 27)]


def mask(size):
    return parse_mask("radial:0.4", size)


@pytest.fixture(scope="module")
def arrays():
    images = [phantom(size, torch.Generator().manual_seed(k)).double().numpy() for k, size in enumerate(SIZES)]
    images[2] = 100 * images[2] * np.exp(0.5j * np.linspace(0, 1, 24))
    return images


def test_results_lie_in_the_order_of_the_images_and_are_scored_with_peak_one(arrays):
    done = compare(arrays, mask, ["zero-filled", "tv"])
    for k, array in enumerate(arrays):
        truth = torch.from_numpy(array / np.abs(array).max())
        assert done.results["tv"][k].shape == array.shape
        assert done.results["tv"][k].is_complex() == np.iscomplexobj(array)
        assert_close(done.images[k], truth.to(done.images[k].dtype))
        alone = score(done.results["tv"][k][None], done.images[k][None], peak=1.0)
        assert float(done.scores["tv"].psnr[k]) == float(alone.psnr)
        assert torch.equal(done.masks[k], mask(array.shape))


def test_an_image_alone_gives_what_it_gives_among_others(arrays):
    together = compare(arrays, mask, ["tv"]).results["tv"]
    for k, array in enumerate(arrays):
        assert_close(compare([array], mask, ["tv"]).results["tv"][0], together[k], rtol=0, atol=1e-5)


def test_the_table_has_the_means_over_images(arrays):
    done = compare(arrays, mask, ["zero-filled", "tv"])
    table = done.table()
    assert list(table) == ["zero-filled", "tv"]
    assert table["tv"]["psnr"] == pytest.approx(float(done.scores["tv"].psnr.mean()))
    assert set(table["tv"]) == {"nmse", "psnr", "ssim", "seconds"}
    assert all(row["seconds"] > 0 for row in table.values())


def test_progress_counts_every_image_once_for_each_method(arrays):
    told = []
    compare(arrays, mask, ["zero-filled", "tv"], show=lambda name, done: told.append((name, done)))
    for name in ("zero-filled", "tv"):
        counts = [done for method, done in told if method == name]
        assert counts == sorted(counts)
        assert counts[-1] == len(arrays)


def test_the_samples_that_were_reconstructed_are_kept(arrays):
    done = compare(arrays, mask, ["zero-filled"], noise=0.1, seed=3)
    for k in range(len(arrays)):
        x = torch.fft.ifft2(done.kspaces[k], norm="ortho")
        expected = x if done.images[k].is_complex() else x.real
        assert_close(done.results["zero-filled"][k], expected, rtol=0, atol=1e-6)


def test_a_method_that_does_not_exist_is_told_before_any_work(arrays):
    with pytest.raises(InputError, match="no method 'tw'"):
        compare(arrays, mask, ["tv", "tw"], show=lambda name, done: pytest.fail("work was done"))
