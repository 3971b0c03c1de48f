"""Phantoms: images like heads, drawn from a seed."""

import pytest
import torch

from minimand.reconstruction.phantoms import SIZES, phantom, phantoms


def test_the_same_seed_gives_the_same_phantoms():
    a, b, c = phantoms(3, seed=1), phantoms(3, seed=1), phantoms(3, seed=2)
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    assert not any(torch.equal(x, y) for x, y in zip(a, c, strict=True))


def test_sizes_take_turns():
    assert [tuple(x.shape) for x in phantoms(len(SIZES) + 1, seed=0)] == [*SIZES, SIZES[0]]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("size", [(96, 80), (63, 65)])
def test_a_phantom_is_a_head_on_a_dark_ground(size, seed):
    x = phantom(size, torch.Generator().manual_seed(seed))
    assert x.shape == size
    assert x.dtype == torch.float32
    assert torch.isfinite(x).all()
    assert float(x.min()) >= 0
    assert float(x.max()) == 1
    middle = x[size[0] // 4 : -size[0] // 4, size[1] // 4 : -size[1] // 4]
    corners = torch.stack([x[0, 0], x[0, -1], x[-1, 0], x[-1, -1]])
    assert middle.mean() > 5 * corners.mean()
