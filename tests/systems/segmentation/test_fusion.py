"""Classical fusion rules, and the choice of atlases."""

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels.label_fusion import distances_reference, moved, shifts
from minimand.metrics import dice
from minimand.systems.segmentation.fusion import FUSION, joint, patch_based, patches, staple, undecided
from minimand.systems.segmentation.methods import RULES
from minimand.systems.segmentation.selection import most_alike, normalised_mutual_information


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("size", [(24, 30), (8, 12, 14)])
def test_votes_add_up_and_agreement_is_kept(bodies, name, size):
    target, images, labels, _ = bodies(3, size)
    votes = RULES[name](target, images, labels)
    assert_close(votes.sum(0), torch.ones_like(target))
    assert float(votes.min()) >= 0
    agreed = ~undecided(labels, (2 * (len(size) > 2), 3, 3))
    assert 0.1 < float(agreed.float().mean()) < 1
    assert_close(votes[:, agreed], labels[0][:, agreed])


@pytest.mark.parametrize("size", [(24, 30), (6, 8, 9)])
def test_patches_vote_as_the_formula_says(bodies, size):
    target, images, labels, _ = bodies(2, size)
    radius, reach = (2, (0, 3, 3)) if len(size) == 2 else (1, (1, 1, 1))
    D = distances_reference(patches(target[None], radius)[0], patches(images, radius), reach).flatten(0, 1)
    w = torch.exp(-D / (D.amin(0) + 1e-4))
    shifted = torch.stack([moved(labels, a, 0.0) for a in shifts(reach)], 1).flatten(0, 1)
    expected = (w[:, None] * shifted).sum(0) / w.sum(0)
    assert_close(patch_based(target, images, labels), expected, rtol=1e-4, atol=2e-3)


def test_patches_tell_apart_what_a_vote_cannot(bodies):
    target, images, labels, truth = bodies(4, (40, 48))
    organ = truth[1:].sum(0)[None].bool()
    found = {name: dice(rule(target, images, labels)[1:].sum(0)[None] > 0.5, organ) for name, rule in FUSION.items()}
    assert float(found["patch"]) > float(found["majority"]) + 0.02


def test_joint_fusion_counts_atlases_that_err_alike_once(bodies):
    target, _, labels, _ = bodies(3, (24, 30))
    wrong = torch.rand_like(target).expand(3, -1, -1, -1)  # one image three times, unlike the target, with one label
    empty = torch.zeros_like(labels)
    empty[:, 0] = 1
    near, told = torch.cat([target[None], target[None], wrong]), torch.cat([labels[:1], labels[:1], empty])
    said = labels[0].argmax(0)
    assert float((joint(target, near, told).argmax(0) == said).float().mean()) > 0.99
    assert float((told.mean(0).argmax(0) == said).float().mean()) < 0.9


def test_joint_fusion_finds_what_lies_a_voxel_away_in_volumes(bodies):
    target, *_, truth = bodies(1, (12, 16, 20))
    target = target + 0.5 * torch.rand_like(target)  # a texture by which a place is known
    shifts = [(1, 0, 0), (0, -1, 0), (0, 1, 1), (-1, 1, -1)]
    near = torch.stack([target.roll(shift, (0, 1, 2)) for shift in shifts])
    told = torch.stack([truth.roll(shift, (1, 2, 3)) for shift in shifts])
    inside = (slice(2, -2),) * 3
    assert torch.equal(joint(target, near, told).argmax(0)[inside], truth.argmax(0)[inside])
    assert not torch.equal(told.mean(0).argmax(0)[inside], truth.argmax(0)[inside])


def test_staple_trusts_the_raters_that_are_right():
    truth = (torch.rand(1, 40, 40) < 0.4).long()
    rates = torch.tensor([0.05, 0.05, 0.4, 0.4, 0.4, 0.4, 0.4])[:, None, None, None]
    said = torch.where(torch.rand(7, 1, 40, 40) < rates, 1 - truth, truth)
    labels = torch.nn.functional.one_hot(said, 2).movedim(-1, 1).float()
    votes = staple(truth.float(), said.float(), labels), labels.mean(0)
    errors = [float((v.argmax(0) != truth).float().mean()) for v in votes]
    assert errors[0] < 0.06 < 0.1 < errors[1]


def test_where_all_agree_nothing_is_undecided():
    labels = torch.zeros(2, 2, 1, 20, 20)
    labels[:, 1, :, :, :8] = 1
    labels[:, 0] = 1 - labels[:, 1]
    found = undecided(labels, (0, 3, 3))
    assert found[0, 0].nonzero().flatten().tolist() == list(range(5, 11))


def test_mutual_information_is_two_for_any_monotone_map_and_one_for_noise():
    t = torch.linspace(0, 1, 4096).view(1, 64, 64)
    others = torch.stack([t, 1 - t, t[:, :, torch.randperm(64)], torch.rand(1, 64, 64)])
    nmi = normalised_mutual_information(t, others)
    assert_close(nmi[:2], torch.full((2,), 2.0, dtype=torch.float64), rtol=0.01, atol=0.01)
    assert 1 <= float(nmi[3]) < 1.1
    assert most_alike(t, others, 2).tolist() == [0, 1]
    assert normalised_mutual_information(0 * t, 0 * t[None]).tolist() == [2]
