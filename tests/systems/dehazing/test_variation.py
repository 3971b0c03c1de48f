"""Variations of scenes: what they keep."""

import pytest
import torch
from torch import Generator
from torch.testing import assert_close

from minimand.systems.dehazing.scenes import Scene
from minimand.systems.dehazing.variation import joined, part, varied


@pytest.fixture
def scene():
    """Colours at random, farther to the right."""
    depth = torch.linspace(0.1, 1, 60).expand(40, 60)
    return Scene("a", torch.rand(3, 40, 60, generator=Generator().manual_seed(0)), depth)


@pytest.mark.parametrize("seed", range(6))
def test_a_variation_is_a_picture_where_far_stays_far(scene, seed):
    found = varied(scene, Generator().manual_seed(seed))
    assert found.clear.shape == scene.clear.shape
    assert 0 <= float(found.clear.min()) < float(found.clear.max()) <= 1
    steps = found.depth.diff(dim=1)
    assert bool((steps > 0).all()) or bool((steps < 0).all())
    assert 0 < float(found.depth.min()) < float(found.depth.max()) <= 1
    assert torch.equal(found.clear, varied(scene, Generator().manual_seed(seed)).clear)


def test_variations_differ_in_colour_exposure_and_side(scene):
    found = [varied(scene, Generator().manual_seed(seed)) for seed in range(20)]
    assert len({round(float(s.clear.mean()), 4) for s in found}) == 20
    assert len({float(s.depth[0, 0]) > 0.5 for s in found}) == 2


@pytest.mark.parametrize("seed", range(6))
def test_a_part_has_the_colours_and_depths_of_one_window(scene, seed):
    found = part(scene, (20, 30), Generator().manual_seed(seed))
    assert found.clear.shape == (3, 20, 30)
    assert found.depth.shape == (20, 30)
    width = float(found.depth[0, -1] - found.depth[0, 0]) / float(scene.depth[0, -1] - scene.depth[0, 0])
    assert 0.4 < width <= 1
    if width > 0.95:  # the whole scene
        assert_close(found.clear, scene.clear.unfold(1, 2, 2).unfold(2, 2, 2).mean((3, 4)))


def test_joined_scenes_keep_each_pixels_colour_with_its_depth(scene):
    other = Scene("b", torch.zeros(3, 40, 60), torch.full((40, 60), 0.05))
    found = joined(scene, other, Generator().manual_seed(3))
    second = found.depth == 0.05
    assert 0.1 < float(second.float().mean()) < 0.9
    assert not found.clear[:, second].any()
    assert torch.equal(found.clear[:, ~second], scene.clear[:, ~second])
    assert found.name == "a+b"
