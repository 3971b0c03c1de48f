"""Large images by tiles: exact where a network sees no further than the margin."""

import pytest
import torch
from torch.testing import assert_close

from minimand.reconstruction.denoisers import FoE
from minimand.reconstruction.tiles import by_tiles


@pytest.mark.parametrize("size", [(40, 23), (33, 50), (17, 5)])
def test_tiles_are_the_whole(size):
    net = FoE(2, 8, 3).requires_grad_(False)
    x, sigma = 10 * torch.randn(2, *size), torch.tensor([2.0, 3.0])
    calls = []

    def run(part, s):
        calls.append(part.shape)
        return net(part, s)

    assert_close(by_tiles(run, side=12, margin=6)(x, sigma), net(x, sigma), rtol=1e-4, atol=1e-4)
    assert all(max(shape[-2:]) <= 24 for shape in calls)
    assert len(calls) == (1 if max(size) <= 24 else -(-size[0] // 12) * -(-size[1] // 12))
