"""Made phases: smooth, of a few cycles at most, each image with its own."""

import math

import pytest
import torch
from torch.testing import assert_close

from minimand.reconstruction.phases import (
    NOISE,
    SCANNED,
    SLOW,
    as_scanned,
    rough_fields,
    shaded,
    smooth_phases,
    with_phase,
)

SIZE = (48, 64)


def test_phases_repeat_with_the_seed_and_differ_between_images():
    first, again, other = (smooth_phases(3, SIZE, torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.allclose(first[0], first[1], atol=0.5)


@pytest.mark.parametrize(("of", "most"), [(SLOW, 3), (SCANNED, 12)])
def test_phases_are_smooth_and_of_some_cycles(of, most):
    phases = smooth_phases(200, (192, 256), torch.Generator().manual_seed(0), of)
    steps = torch.cat([phases.diff(dim=1).abs().flatten(1).amax(1), phases.diff(dim=2).abs().flatten(1).amax(1)])
    assert float(steps.max()) < math.pi / 2  # of neighbouring pixels
    cycles = (phases.flatten(1).amax(1) - phases.flatten(1).amin(1)) / (2 * math.pi)
    assert most / 6 < float(cycles.median()) < most


def test_a_phase_changes_no_magnitude():
    images = torch.rand(4, *SIZE)
    made = with_phase(images, torch.Generator().manual_seed(0))
    assert made.is_complex()
    assert_close(made.abs(), images)
    again = with_phase(made, torch.Generator().manual_seed(1))
    assert_close(again.abs(), images)


def test_rough_fields_have_variance_one_and_all_scales():
    fields = rough_fields(300, SIZE, torch.Generator().manual_seed(0))
    assert fields.shape == (300, *SIZE)
    assert_close(float(fields.square().mean()), 1.0, rtol=0.1, atol=0)
    steps = fields.diff(dim=2).square().mean((1, 2)).sqrt()
    assert float(steps.max()) > 4 * float(steps.min())  # from smooth to rough
    assert torch.equal(fields, rough_fields(300, SIZE, torch.Generator().manual_seed(0)))


def test_a_part_of_the_phase_follows_the_image():
    images = torch.ones(64, *SIZE)
    images[:, :, 32:] = 0.5
    phase = with_phase(images, torch.Generator().manual_seed(0)).angle()
    flat = with_phase(torch.ones(64, *SIZE), torch.Generator().manual_seed(0)).angle()
    step = (phase - flat)[:, :, [31, 32]].diff(dim=2).remainder(2 * math.pi)
    step = torch.minimum(step, 2 * math.pi - step)  # the same one everywhere in an image
    assert_close(step.amax((1, 2)), step.amin((1, 2)), atol=1e-4, rtol=0)
    assert 0.8 < float(step.max()) <= 1.01  # half of TISSUE
    assert float(step.min()) < 0.2


def test_most_images_have_places_where_the_phase_jumps_and_smooth_ones():
    phase = with_phase(torch.ones(60, 128, 128), torch.Generator().manual_seed(0)).angle()
    step = phase.diff(dim=2).remainder(2 * math.pi)
    step = torch.minimum(step, 2 * math.pi - step).flatten(1)
    assert float((step.amax(1) > 0.8).float().mean()) > 0.6
    assert float(step.median(dim=1).values.max()) < 1.2
    assert float(step.median()) < 0.15


def test_a_scanned_image_has_weak_noise_in_both_parts():
    noise = as_scanned(torch.zeros(50, *SIZE), torch.Generator().manual_seed(0))
    for part in (noise.real, noise.imag):
        levels = part.flatten(1).std(1)
        assert float(levels.max()) < 1.1 * NOISE
        assert float(levels.min()) < 0.2 * NOISE
        assert_close(float(levels.mean()), NOISE / 2, rtol=0.3, atol=0)


def test_shading_is_smooth_and_keeps_the_maximum():
    images = torch.rand(40, *SIZE) + 0.1
    made = shaded(images, torch.Generator().manual_seed(0))
    assert_close(made.flatten(1).amax(1), images.flatten(1).amax(1))
    factor = (made / images).log()
    steps = torch.cat([factor.diff(dim=1).abs().flatten(1).amax(1), factor.diff(dim=2).abs().flatten(1).amax(1)])
    assert float(steps.max()) < 0.3  # of neighbouring pixels
    assert float((factor.flatten(1).amax(1) - factor.flatten(1).amin(1)).median()) > 0.5
    assert torch.equal(shaded(torch.zeros(1, *SIZE), torch.Generator().manual_seed(1)), torch.zeros(1, *SIZE))
