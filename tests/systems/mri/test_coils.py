"""Coils made white and few."""

import pytest
import torch
from torch.testing import assert_close

from minimand.systems.mri.coils import compression, gram, mix, ring, sensitivity, whitening

C = torch.complex128


def correlated(coils, samples):
    """Noise of coils that hear each other, of different strength."""
    spread = torch.diag(torch.linspace(1, 3, coils)).to(C) + 0.3 * torch.randn(coils, coils, dtype=C)
    return spread @ torch.randn(coils, samples, dtype=C)


def test_whitened_noise_is_white_and_as_strong_as_before():
    noise = correlated(4, 5000)
    white = whitening(noise) @ noise
    power = float(noise.abs().square().mean())
    assert_close(white @ white.mH / 5000, power * torch.eye(4, dtype=C), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("noise", [torch.ones(4, 7, dtype=C), torch.diag(torch.tensor([1, 1, 0])).to(C).repeat(1, 3)])
def test_a_noise_scan_that_tells_nothing_is_refused(noise):
    with pytest.raises(ValueError, match="noise"):
        whitening(noise)


def test_coils_that_depend_on_each_other_compress_without_loss():
    few = torch.randn(2, 3, 6, 5, dtype=C)
    many = mix(torch.randn(9, 3, dtype=C), few)
    matrix, kept = compression(gram(many, 1.0), 3)
    assert kept == pytest.approx(1)
    assert_close(matrix @ matrix.mH, torch.eye(3, dtype=C))
    assert_close(mix(matrix.mH, mix(matrix, many)), many)
    energy = mix(matrix, many).abs().square().sum((0, 2, 3))
    assert bool((energy.diff() < 0).all())


def test_a_ring_of_coils_is_normalised_smooth_and_nearest_to_its_coil():
    maps = ring((80, 60), 8)
    assert_close(sensitivity(maps), torch.ones(80, 60, dtype=torch.float64))
    assert float((maps[:, 1:] - maps[:, :-1]).abs().max()) < 0.1
    strongest = maps.abs().flatten(1).argmax(1)
    assert len(set(strongest.tolist())) >= 4
