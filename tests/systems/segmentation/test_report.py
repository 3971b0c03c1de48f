"""Who counted how much, and the scores of a label."""

import torch
from torch.testing import assert_close

from minimand.systems.segmentation.fusion import joint, majority, patch_based
from minimand.systems.segmentation.report import counted
from minimand.systems.segmentation.scores import overlap
from minimand.systems.segmentation.segment import Warped


def seen():
    """A volume of 20 slices and three atlases, the second one equal to it."""
    target, others = torch.rand(20, 12, 10), torch.rand(3, 20, 12, 10)
    others[1] = target
    labels = (torch.rand(3, 1, 20, 12, 10) > 0.5).float()
    return Warped(target, others, torch.cat([1 - labels, labels], 1))


def test_shares_of_the_vote_add_up_and_the_equal_atlas_has_most():
    warped = seen()
    shares = counted(joint, warped, 15)
    assert_close(shares.sum(0), torch.ones(12, 10))
    assert bool((counted(patch_based, warped, 0)[1] > 0.9).all())
    assert_close(counted(majority, warped, 19), torch.full((3, 12, 10), 1 / 3))


def test_distances_are_in_millimetres_and_slices_have_none_across():
    found, truth = torch.zeros(2, 1, 8, 9, dtype=torch.int64)
    found[0, 2:5, 2:5] = truth[0, 2:5, 4:7] = 3
    scores = overlap(found, truth, 3, (7.0, 2.0, 0.5))
    assert scores.dice == 2 * 3 / 18
    assert scores.hausdorff == 1.0
    assert scores.average_distance < 1.0
