"""MIND equals its formula, does not see contrast, and is least different where two contrasts lie on each other."""

import importlib.util
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from minimand.systems.synthesis.heads import virtual_head
from minimand.systems.synthesis.mind import FLOOR, mind, structure_loss
from minimand.systems.synthesis.template import made_template

SPEC = importlib.util.spec_from_file_location("naive", Path(__file__).with_name("naive.py"))
naive = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(naive)


def noise(*size):
    return torch.randn(*size, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize(
    ("size", "region", "patch", "sigma"),
    [((4, 5), 9, 7, 2.0), ((6, 5), 3, 5, 1.0), ((1, 4), 3, 3, 2.0), ((3, 4, 5), 3, 3, 0.7)],
)
def test_it_is_the_formula_pixel_by_pixel(size, region, patch, sigma):
    images = noise(2, *size)
    found = mind(images, region=region, patch=patch, sigma=sigma, floor=0.01)
    for image, features in zip(images, found):
        wanted = naive.naive_mind(image.numpy(), region, patch, sigma, 0.01)
        assert_close(features, torch.from_numpy(wanted))


def test_features_sum_to_one_or_the_largest_is_one():
    x = noise(2, 8, 6)
    assert_close(mind(x).sum(1), torch.ones_like(x))
    other = mind(x, largest_is_one=True)
    assert other.shape == (2, 80, 8, 6)
    assert_close(other.amax(1), torch.ones_like(x))
    kept = torch.arange(81) != 40
    assert_close(other, mind(x)[:, kept] / mind(x)[:, kept].amax(1, keepdim=True))


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.2), (-2.0, 1.0), (3.0, -7.0)])
def test_contrast_and_brightness_do_not_matter_beyond_the_floor(a, b):
    x = 10 * noise(1, 12, 10)  # far above the floor
    assert_close(mind(a * x + b, floor=0.0), mind(x, floor=0.0))
    assert_close(mind(a * x + b, floor=FLOOR * a**2), mind(x))
    assert float(structure_loss(a * x + b, x)) < 1e-5 < 1e-3 < float(structure_loss(x.flip(1), x))


def test_distances_are_symmetric():
    """D(x, x + a) = D(x + a, x), so up to its own Z and V the feature of -a is that of a at the shifted pixel."""
    x = noise(1, 12, 11)
    features = mind(x, region=3, patch=3, floor=0.0)
    D = (features[:, 4:5].log() - features.log()).unflatten(1, (3, 3))  # D / V
    V = 4 / sum(D[:, i, j] for i, j in ((0, 1), (1, 0), (1, 2), (2, 1)))
    assert_close(V, torch.ones_like(V))  # the mean over the four neighbours is V itself
    ratio = D[:, 1, 2, :, :-1] / D[:, 1, 0, :, 1:]  # V(x + a) / V(x), along a row
    across = D[:, 2, 1, :-1, :] / D[:, 0, 1, 1:, :]
    assert_close(ratio[:, :-1] * across[:, :, 1:], across[:, :, :-1] * ratio[:, 1:])  # any way round a square


def test_gradients():
    x = noise(1, 5, 4).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda v: mind(v, region=3, patch=3), x)
    assert torch.autograd.gradcheck(lambda v: mind(v, region=3, patch=3, largest_is_one=True), x)
    volume = noise(1, 3, 3, 2).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda v: mind(v, region=3, patch=3), volume, fast_mode=True)
    x = noise(1, 4, 3).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda v: structure_loss(v, noise(1, 4, 3).flip(1)), x)


def test_the_loss_keeps_its_precision_where_networks_compute_in_less():
    x, y = noise(1, 8, 8).float(), noise(1, 8, 8).float().flip(1)
    with torch.autocast("cpu", torch.bfloat16):
        found = structure_loss(x, y)
    assert bool(found == structure_loss(x, y))


def test_flat_images_have_equal_features_and_finite_gradients():
    x = torch.zeros(1, 6, 6, requires_grad=True)
    assert_close(mind(x), torch.full((1, 81, 6, 6), 1 / 81))
    structure_loss(x, torch.rand(1, 6, 6)).backward()
    assert bool(torch.isfinite(x.grad).all())


def test_aligned_mr_and_ct_differ_least_among_shifted_ones():
    head = virtual_head(made_template(), 1, size=64, slices=9)
    mr, ct = 2 * head.mr[3:6] / head.mr.max() - 1, head.ct[3:6] / 1000
    losses = {
        (down, right): float(structure_loss(mr, ct.roll((down, right), (1, 2))))
        for down, right in ((0, 0), (0, 1), (0, -1), (2, 0), (-2, 1), (0, 3), (-4, -4))
    }
    assert min(losses, key=losses.get) == (0, 0)
    assert losses[0, 0] < 0.99 * min(value for shift, value in losses.items() if shift != (0, 0))
    assert losses[0, 0] < 0.75 * losses[-4, -4]


@pytest.mark.parametrize(("size", "region", "patch"), [((1, 5), 9, 7), ((1, 4, 4), 4, 7), ((1, 4, 4), 9, 2)])
def test_what_cannot_be_described_is_refused(size, region, patch):
    with pytest.raises(ValueError, match="MIND needs"):
        mind(torch.zeros(*size), region=region, patch=patch)
