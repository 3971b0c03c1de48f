"""Images sampled for comparisons and training: masks as asked, each image with its own while a network learns."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.operators import Fourier, Sense
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.acquisition import fixed
from minimand.systems.mri.acquisition import acquisition, sampled, sampled_by
from minimand.systems.mri.sampling import read_sampling

SIZE = (24, 20)


def test_real_images_are_sampled_by_the_real_operator():
    x, mask = torch.rand(1, *SIZE), parse_mask("radial:0.4", SIZE)
    assert sampled(x, mask).A.real
    data = sampled(x.to(torch.complex64), mask)
    assert not data.A.real
    assert_close(data.y, torch.where(mask, torch.fft.fft2(x, norm="ortho"), 0))


def test_a_comparison_has_one_mask_by_seed_and_noise_by_generator():
    x = torch.rand(2, *SIZE)
    data = fixed(sampled_by(read_sampling("random:0.4"), seed=3, noise=0.1), x, seed=5)
    assert torch.equal(data.A.mask, parse_mask("random:0.4", SIZE, seed=3))
    assert not bool(data.y[:, ~data.A.mask].any())
    residual = (data.y - sampled(x, data.A.mask).y)[:, data.A.mask]
    assert float(residual.real.std()) == pytest.approx(0.1, rel=0.2)
    again = fixed(sampled_by(read_sampling("random:0.4"), seed=3, noise=0.1), x, seed=5)
    assert torch.equal(again.y, data.y)


def test_every_image_of_a_mini_batch_has_a_mask_of_its_own_and_trials_have_one():
    ways, x = acquisition(["random:0.4", "random:0.2"]), torch.rand(8, *SIZE)
    masks = ways.measure(x, torch.Generator().manual_seed(0)).A.mask
    assert masks.shape == (8, *SIZE)
    assert len({tuple(mask.flatten().tolist()) for mask in masks}) == 8
    assert {round(float(mask.double().mean()), 1) for mask in masks} == {0.2, 0.4}
    for name, trial in ways.trials.items():
        assert torch.equal(fixed(trial, x).A.mask, parse_mask(name, SIZE))
    assert ways.rates(SIZE) == pytest.approx([0.4, 0.2], abs=0.01)


def test_coils_receive_what_their_maps_see_and_a_few_scans_have_one():
    x = torch.polar(torch.rand(3, *SIZE), torch.rand(3, *SIZE))
    ways, seen = acquisition(["random:0.4"], coils=6), []
    for seed in range(40):
        data = ways.measure(x, torch.Generator().manual_seed(seed))
        assert data.A.mask.shape == (3, *SIZE)
        if isinstance(data.A, Sense):
            assert_close(data.A.maps.abs().square().sum(1), torch.ones(1, *SIZE))
            assert_close(data.y, data.A.kept * torch.fft.fft2(data.A.maps * x[:, None], norm="ortho"))
            seen.append(data.A.maps.shape[1])
        else:
            assert isinstance(data.A, Fourier)
            seen.append(1)
    assert set(seen) == {1, 4, 5, 6}
    (trial,) = ways.trials.values()
    assert fixed(trial, x.real).A.maps.shape == (1, 6, *SIZE)


def test_a_mask_of_another_size_is_told(tmp_path):
    np.save(tmp_path / "mask.npy", np.ones((16, 16)))
    ways = acquisition([str(tmp_path / "mask.npy")])
    with pytest.raises(InputError, match="16 x 16, the k-space"):
        fixed(next(iter(ways.trials.values())), torch.zeros(1, *SIZE))
