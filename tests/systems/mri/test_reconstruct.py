"""From samples to images: batches of slices, real images recognised, warnings outside the card."""

import pytest
import torch
from torch.testing import assert_close

from minimand.operators.sampling import parse_mask
from minimand.systems.mri import reconstruct as module
from minimand.systems.mri.methods import Method, get_method
from minimand.systems.mri.phantoms import phantom
from minimand.systems.mri.reconstruct import card_warnings, is_real, reconstruct
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


def test_slices_are_reconstructed_in_batches_and_counted(monkeypatch):
    monkeypatch.setattr(module, "BATCH_PIXELS", 2 * 24 * 27)
    mask, x, told, sizes = parse_mask("radial:0.4", (24, 27)), heads(5), [], []
    tv = get_method("tv")
    counted = Method("tv", lambda data: (sizes.append(len(data.y)), tv.run(data))[1])
    found = reconstruct(simulate(x, mask), mask, counted, show=told.append)
    assert sizes == [2, 2, 1]
    assert told == [2, 4, 5]
    assert found.images.dtype == torch.float32
    one_by_one = torch.cat([reconstruct(simulate(t[None], mask), mask, tv).images for t in x])
    assert_close(found.images, one_by_one, rtol=0, atol=1e-5)


def test_a_warm_run_comes_before_the_clock_starts():
    mask, calls = parse_mask("full", (24, 27)), []
    method = Method("zero", lambda data: (calls.append(1), data.A.adjoint(data.y))[1])
    reconstruct(simulate(heads(2), mask), mask, method, warm=True)
    assert len(calls) == 2


def test_every_slice_may_have_its_own_mask():
    masks = torch.stack([parse_mask("random:0.5", (24, 27), seed=s) for s in (1, 2)])
    x = heads(2).to(torch.complex64)
    kspace = torch.where(masks, torch.fft.fft2(x, norm="ortho"), 0)
    found = reconstruct(kspace, masks, get_method("tv"), real=False).images
    for k in range(2):
        alone = reconstruct(kspace[k : k + 1], masks[k], get_method("tv"), real=False).images
        assert_close(found[k : k + 1], alone, rtol=0, atol=1e-5)


def test_a_card_warns_outside_its_rates_and_sides():
    method = Method("admm-net", lambda data: data.y, card={"suits": [0.1, 0.3], "sides": [96, 256]})
    assert card_warnings(method, (128, 256), 0.2) == []
    assert card_warnings(method, (128, 256), 0.31) == []
    assert "rates of 10% to 30%, this scan has 50.0%" in card_warnings(method, (128, 256), 0.5)[0]
    assert "sides of 96 to 256 pixels, this scan has 64 x 128" in card_warnings(method, (64, 128), 0.2)[0]
    assert len(card_warnings(method, (64, 300), 0.05)) == 2
    assert card_warnings(Method("tv", lambda data: data.y), (8, 8), 0.01) == []
