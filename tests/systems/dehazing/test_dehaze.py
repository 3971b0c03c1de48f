"""Pictures of any size through any method."""

import pytest
import torch
from torch.testing import assert_close

from minimand.systems.dehazing.classical import Seen
from minimand.systems.dehazing.dehaze import CLASSICAL, Method, dehaze, reduced
from minimand.systems.dehazing.haze import add_haze

WHITE = torch.ones(1, 3)


def edged(high, wide):
    """A picture of two halves, clear and dark to the left, and its transmission with the same edge."""
    T = torch.full((1, high, wide), 0.3)
    T[:, :, : wide // 2] = 0.9
    J = torch.where(T[:, None] > 0.5, 0.2, 0.6).expand(1, 3, high, wide)
    return add_haze(J, T, WHITE)[0], J[0], T[0]


@pytest.mark.parametrize("name", CLASSICAL)
def test_no_strength_is_no_change_and_more_is_more(name):
    I, _, _ = edged(40, 50)
    none, once, twice = (dehaze(I, CLASSICAL[name], strength=s) for s in (0.0, 1.0, 2.0))
    assert_close(none.J, I)
    assert_close(twice.T, once.T**2)


def test_a_large_picture_is_cleared_at_full_size_with_sharp_edges():
    I, J, T = edged(1500, 2100)

    def oracle(small):
        assert small.shape[2:] == (731, 1024)
        return Seen(WHITE, edged(731, 1024)[2][None])

    found = dehaze(I, Method(oracle))
    assert found.T.shape == T.shape
    assert float((found.T - T).abs().mean()) < 0.01
    assert float((found.J - J).abs().mean()) < 0.01
    assert float((found.T - T)[:, 1056:].abs().max()) < 0.1  # right beside the edge


def test_a_small_picture_is_worked_on_as_it_is():
    I = torch.rand(3, 17, 23)
    assert reduced(I, 1024) is I


def test_a_large_picture_is_reduced_by_means():
    I = torch.rand(3, 2048, 1024)
    assert_close(reduced(I, 1024), I.unflatten(2, (512, 2)).unflatten(1, (1024, 2)).mean((2, 4)))


def test_a_negative_strength_is_told():
    with pytest.raises(ValueError, match="must be 0 or more, got -1"):
        dehaze(torch.rand(3, 4, 5), CLASSICAL["dark-channel"], strength=-1.0)
