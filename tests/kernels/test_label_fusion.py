"""The fusion kernel against the formula, written out, and what must hold for any features."""

import itertools
import math

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels.label_fusion import (
    _fuse,
    distances_reference,
    fuse_labels,
    fuse_labels_reference,
    nearest_distance,
)

RADII = [(0, 1, 2), (1, 1, 1), (0, 0, 0), (4, 5, 6)]


@pytest.fixture
def example():
    """Features of a target and of three atlases, their labels, scales and wanted voxels, of 2 x 4 x 5 voxels."""
    double = {"dtype": torch.float64}
    target, atlases = torch.randn(3, 2, 4, 5, **double), torch.randn(3, 3, 2, 4, 5, **double)
    labels = torch.rand(3, 2, 2, 4, 5, **double).softmax(1)
    scale, wanted = torch.rand(2, 4, 5, **double) + 0.2, torch.rand(2, 4, 5) > 0.3
    return target, atlases, labels, scale, wanted


def naive(target, atlases, labels, radius, scale):
    """y by loops over voxels, atlases and shifts."""
    size = target.shape[1:]
    y = torch.zeros(labels.shape[1:], dtype=target.dtype)
    for p in itertools.product(*(range(n) for n in size)):
        places = [range(max(0, a - r), min(n, a + r + 1)) for a, r, n in zip(p, radius, size, strict=True)]
        total = 0.0
        for i, q in itertools.product(range(len(atlases)), itertools.product(*places)):
            distance = sum((target[(c, *p)] - atlases[(i, c, *q)]) ** 2 for c in range(len(target)))
            w = math.exp(-scale[p] * distance)
            total += w
            y[(slice(None), *p)] += w * labels[(i, slice(None), *q)]
        y[(slice(None), *p)] /= total
    return y


@pytest.mark.parametrize("radius", RADII)
def test_compiled_and_plain_forms_are_the_formula(example, radius):
    target, atlases, labels, scale, wanted = example
    y = torch.where(wanted, naive(target, atlases, labels, radius, scale), 0)
    assert_close(fuse_labels(target, atlases, labels, radius, scale=scale, wanted=wanted), y)
    assert_close(fuse_labels_reference(target, atlases, labels, radius, scale, wanted), y)
    single = [v.float() for v in (target, atlases, labels, scale)]
    assert_close(fuse_labels(*single[:3], radius, scale=single[3], wanted=wanted), y.float(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("radius", RADII)
def test_the_nearest_distance_is_the_least(example, radius):
    target, atlases, _, _, wanted = example
    least = distances_reference(target, atlases, radius).flatten(0, 1).amin(0)
    assert_close(nearest_distance(target, atlases, radius), least)
    assert_close(nearest_distance(target, atlases, radius, wanted), torch.where(wanted, least, 0))


def test_gradients_are_those_of_finite_differences(example):
    *tensors, scale, wanted = example
    tensors = [v.requires_grad_() for v in tensors]
    assert torch.autograd.gradcheck(lambda *v: fuse_labels(*v, (1, 1, 2), scale=scale, wanted=wanted), tensors)
    torch.library.opcheck(_fuse, (*tensors, scale, wanted, 1, 1, 2))


def test_an_atlas_that_is_the_target_gives_its_labels(example):
    target, _, labels, _, _ = example
    near = torch.stack([target, target + 30, target - 30])
    assert_close(fuse_labels(target, near, labels, (0, 0, 0)), labels[0])


def test_equal_features_give_the_mean_of_the_window(example):
    target, atlases, labels, _, _ = example
    y = fuse_labels(torch.zeros_like(target), torch.zeros_like(atlases), labels, (0, 1, 1))
    assert_close(y[:, :, 1:3, 1:4], labels.mean(0).unfold(2, 3, 1).unfold(3, 3, 1).mean((-1, -2)))
    assert_close(fuse_labels(0 * target, 0 * atlases, labels, (0, 0, 0)), labels.mean(0))


def test_order_of_atlases_and_a_common_vector_change_nothing(example):
    target, atlases, labels, _, _ = example
    y = fuse_labels(target, atlases, labels, (1, 1, 1))
    assert_close(y.sum(0), torch.ones_like(target[0]))
    assert_close(fuse_labels(target, atlases.flip(0), labels.flip(0), (1, 1, 1)), y)
    assert_close(fuse_labels(target + 2, atlases + 2, labels, (1, 1, 1)), y)
