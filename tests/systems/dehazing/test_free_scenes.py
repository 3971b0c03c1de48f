"""Free photographs with made-up depths."""

import numpy as np
import torch

from minimand.systems.dehazing.free_scenes import DEPTHS, NAMES, free_scenes, made_depth


def test_each_photograph_is_learned_from_on_its_left_and_chooses_on_its_right():
    learned, chosen = free_scenes()
    assert len(learned) == len(chosen) == DEPTHS * len(NAMES)
    for left, right in zip(learned, chosen, strict=True):
        assert left.name == right.name
        assert left.clear.shape[1] == right.clear.shape[1] == left.depth.shape[0]
        assert left.depth.shape[1] > 2 * right.depth.shape[1]
        assert 0 <= float(left.clear.min()) < float(left.clear.max()) <= 1
        assert 0 < float(left.depth.min()) <= float(left.depth.max()) <= 1
    assert not torch.equal(learned[0].depth, learned[1].depth)
    assert torch.equal(learned[0].clear, learned[1].clear)


def test_what_stands_lower_is_nearer_and_depths_have_the_edges_of_the_picture():
    picture = torch.zeros(3, 40, 60)
    picture[:, 5:30, 10:25] = 1
    picture[:, 20:40, 35:50] = 1
    found = [made_depth(picture, np.random.default_rng(k)) for k in range(12)]
    nearer = [float(d[38, 36:49].mean()) < float(d[8, 12:24].mean()) for d in found]
    assert sum(nearer) >= 11
    assert all(float(d.max()) == 1.0 for d in found)
    across = torch.stack([d[:, 1:] - d[:, :-1] for d in found]).abs().mean((0, 1))
    assert float(across[[9, 24]].mean()) > 2 * float(across.median())
