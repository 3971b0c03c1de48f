"""A comparison: images of any sizes and kinds, each sampled, reconstructed and scored by itself."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.metrics import score
from minimand.reconstruction.compare import compare
from minimand.reconstruction.phantoms import phantom
from minimand.terms import LeastSquares

SIZES = [(24, 24), (20, 27), (24, 24), (20, 27)]


@pytest.fixture(scope="module")
def measure(measured):
    return lambda images, generator: measured(images, "radial:0.4")


@pytest.fixture(scope="module")
def arrays():
    images = [phantom(size, torch.Generator().manual_seed(k)).double().numpy() for k, size in enumerate(SIZES)]
    images[2] = 100 * images[2] * np.exp(0.5j * np.linspace(0, 1, 24))
    return images


def test_results_lie_in_the_order_of_the_images_and_are_scored_with_peak_one(arrays, measure):
    done = compare(arrays, measure, ["zero-filled", "tv"])
    for k, array in enumerate(arrays):
        truth = torch.from_numpy(array / np.abs(array).max())
        assert done.results["tv"][k].shape == array.shape
        assert done.results["tv"][k].is_complex() == np.iscomplexobj(array)
        assert_close(done.images[k], truth.to(done.images[k].dtype))
        alone = score(done.results["tv"][k][None], done.images[k][None], peak=1.0)
        assert float(done.scores["tv"].psnr[k]) == float(alone.psnr)


def test_an_image_alone_gives_what_it_gives_among_others(arrays, measure):
    together = compare(arrays, measure, ["tv"]).results["tv"]
    for k, array in enumerate(arrays):
        assert_close(compare([array], measure, ["tv"]).results["tv"][0], together[k], rtol=0, atol=1e-5)


def test_the_table_has_the_means_over_images(arrays, measure):
    done = compare(arrays, measure, ["zero-filled", "tv"])
    table = done.table()
    assert list(table) == ["zero-filled", "tv"]
    assert table["tv"]["psnr"] == pytest.approx(float(done.scores["tv"].psnr.mean()))
    assert set(table["tv"]) == {"nmse", "psnr", "ssim", "seconds"}
    assert all(row["seconds"] > 0 for row in table.values())


def test_progress_counts_every_image_once_for_each_method(arrays, measure):
    told = []
    compare(arrays, measure, ["zero-filled", "tv"], show=lambda name, done: told.append((name, done)))
    for name in ("zero-filled", "tv"):
        counts = [done for method, done in told if method == name]
        assert counts == sorted(counts)
        assert counts[-1] == len(arrays)


def test_what_was_measured_is_kept_and_noise_depends_on_the_seed_alone(arrays, measured):
    def noisy(images, generator):
        data = measured(images, "radial:0.4")
        noise = torch.randn(data.y.shape, generator=generator)
        return LeastSquares(data.A, data.y + 0.1 * data.A.mask * noise)

    done, again, other = (compare(arrays, noisy, ["zero-filled"], seed=seed) for seed in (3, 3, 4))
    for k in range(len(arrays)):
        data = done.data[k]
        assert_close(done.results["zero-filled"][k][None], data.A.adjoint(data.y), rtol=0, atol=1e-6)
        assert torch.equal(data.y, again.data[k].y)
        assert not torch.equal(data.y, other.data[k].y)


def test_a_method_that_does_not_exist_is_told_before_any_work(arrays, measure):
    with pytest.raises(InputError, match="no method 'tw'"):
        compare(arrays, measure, ["tv", "tw"], show=lambda name, done: pytest.fail("work was done"))
