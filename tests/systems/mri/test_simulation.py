"""K-space of images: unitary, sampled, with the noise asked for."""

import math

import pytest
import torch
from torch.testing import assert_close

from minimand.systems.mri.simulation import simulate


def test_kspace_is_the_unitary_transform_where_the_mask_samples():
    x, mask = torch.randn(2, 9, 12, dtype=torch.complex128), torch.rand(9, 12) < 0.5
    kspace = simulate(x, mask)
    assert_close(kspace, torch.fft.fft2(x, norm="ortho") * mask)
    assert_close(simulate(x, torch.ones(9, 12, dtype=torch.bool)).norm(), x.norm())


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
def test_noise_is_gaussian_in_both_parts_and_the_seed_repeats_it(dtype):
    x, mask = torch.zeros(4, 64, 64, dtype=dtype), torch.ones(64, 64, dtype=torch.bool)
    noise = simulate(x, mask, 0.1, torch.Generator().manual_seed(1))
    count = 4 * 64 * 64
    for part in (noise.real, noise.imag):
        assert float(part.std()) == pytest.approx(0.1, rel=4 / math.sqrt(2 * count))
        assert abs(float(part.mean())) < 4 * 0.1 / math.sqrt(count)
    assert torch.equal(noise, simulate(x, mask, 0.1, torch.Generator().manual_seed(1)))
    assert not torch.equal(noise, simulate(x, mask, 0.1, torch.Generator().manual_seed(2)))
