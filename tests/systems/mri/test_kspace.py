"""K-space of real images is recognised by its symmetry."""

import pytest
import torch

from minimand.operators.sampling import parse_mask
from minimand.reconstruction.phantoms import phantom
from minimand.systems.mri.kspace import is_real
from minimand.systems.mri.simulation import simulate


def heads(count, size=(24, 27)):
    return torch.stack([phantom(size, torch.Generator().manual_seed(k)) for k in range(count)])


@pytest.mark.parametrize("size", [(24, 24), (23, 27), (24, 27), (23, 24)])
@pytest.mark.parametrize("spec", ["radial:0.4", "random:0.5", "full"])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_images_without_phase_are_recognised_by_their_symmetry(size, spec, scale):
    mask, x = parse_mask(spec, size), heads(2, size)
    assert is_real(scale * simulate(x, mask), mask)
    phase = torch.exp(0.3j * torch.arange(size[1]) / size[1])
    assert not is_real(scale * simulate(x * phase, mask), mask)


def test_a_mask_without_mirrored_points_tells_nothing():
    mask = parse_mask("random:0.4", (24, 24)) & ~parse_mask("random:0.4", (24, 24)).flip((-2, -1)).roll(
        (1, 1), (-2, -1)
    )
    assert not is_real(simulate(heads(1, (24, 24)), mask), mask)
