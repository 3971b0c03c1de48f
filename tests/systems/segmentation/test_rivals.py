"""Patch match and the classifiers of voxels."""

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels.label_fusion import shifts
from minimand.metrics import dice
from minimand.systems.segmentation.patchmatch import _distances, _features, match, patch_match
from minimand.systems.segmentation.svm import SAMPLES, classify, features, samples, svm


def test_matches_come_nearer_with_every_sweep_and_end_near_the_best(bodies):
    target, images, _, _ = bodies(3, (48, 48))
    f, g = _features(target, images)
    means = [float(_distances(f, g, match(target, images, [0, 8, 8], sweeps)).mean()) for sweeps in range(5)]
    assert means == sorted(means, reverse=True)
    p = torch.cartesian_prod(torch.arange(48), torch.arange(48))
    best = torch.full((len(p),), torch.inf)
    for _, y, x in shifts((0, 8, 8)):
        q = p + torch.tensor([y, x])
        inside = ((q >= 0) & (q < 48)).all(1)
        for i in range(3):
            d = (f[inside] - g[i * 48 * 48 + q[inside, 0] * 48 + q[inside, 1]]).square().sum(1)
            best[inside] = torch.minimum(best[inside], d)
    found = _distances(f, g, match(target, images, [0, 8, 8])).amin(0).flatten()
    assert float(found.mean()) <= 1.05 * float(best.mean())
    assert bool((found >= best - 1e-4).all())


def test_matches_stay_within_reach(bodies):
    target, images, _, _ = bodies(2, (8, 10, 12))
    found = match(target, images, [2, 3, 3], 2)
    here = torch.stack(torch.meshgrid(*(torch.arange(n) for n in target.shape), indexing="ij"))
    assert ((found[:, 1:] - here).abs().amax((0, 2, 3, 4)) <= torch.tensor([2, 3, 3])).all()


@pytest.mark.parametrize("rule", [patch_match, svm])
def test_an_atlas_equal_to_the_target_is_believed(bodies, rule):
    target, images, labels, truth = bodies(2, (40, 48))
    others = labels.roll(5, -1)
    votes = rule(target, torch.cat([target[None], images]), torch.cat([truth[None], others]))
    organ = truth[1:].sum(0)[None] > 0.5
    mean = torch.cat([truth[None], others]).mean(0)
    found, voted = (float(dice(v[1:].sum(0)[None] > 0.5, organ)) for v in (votes, mean))
    assert found > max(0.9, voted)


def test_the_classifier_is_kernel_ridge_regression():
    f, y = torch.rand(6, 4, dtype=torch.float64), torch.rand(6, 2, dtype=torch.float64)
    K = torch.tensor([[torch.exp(-((a - b) ** 2).sum() / 4) for b in f] for a in f], dtype=torch.float64)
    at = torch.rand(1, 4, dtype=torch.float64)
    k = torch.exp(-((at - f) ** 2).sum(1) / 4)
    expected = k @ torch.linalg.solve(K + torch.eye(6, dtype=torch.float64), y - y.mean(0)) + y.mean(0)
    found = classify(at.float(), f[None].float(), y[None].float())[0]
    assert_close(found, expected.float(), rtol=1e-3, atol=1e-4)


def test_features_have_no_scale_and_samples_are_all_different():
    x = torch.rand(3, 1, 20, 24)
    assert_close(features(x), features(5 * x + 2), rtol=1e-3, atol=1e-3)
    i, shift = samples(10, (0, 3, 3))
    assert len({(int(a), *s.tolist()) for a, s in zip(i, shift, strict=True)}) == SAMPLES
    assert len(samples(2, (0, 1, 1))[0]) == 18
