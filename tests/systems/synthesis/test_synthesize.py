"""Synthesis of slices of any size: windows overlap, their weighted mean counts, small slices lie in background."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from minimand.systems.synthesis.synthesize import synthesize


@pytest.mark.parametrize("size", [(64, 64), (100, 70), (65, 129), (40, 90), (7, 5)])
def test_a_network_that_changes_nothing_changes_nothing(size):
    mr = torch.rand(3, *size, dtype=torch.float32) * 2 - 1
    assert_close(synthesize(nn.Identity(), mr, (64, 64)), mr)


def test_the_network_sees_windows_of_the_size_it_learned_on():
    seen = []

    class Watch(nn.Module):
        def forward(self, x):
            seen.append(tuple(x.shape[-2:]))
            return x

    synthesize(Watch(), torch.zeros(2, 50, 100), (32, 48))
    assert set(seen) == {(32, 48)}


def test_where_windows_overlap_the_middle_of_each_counts_most():
    class Count(nn.Module):
        """The first window is 0, the next is 1."""

        def __init__(self):
            super().__init__()
            self.windows = -1

        def forward(self, x):
            self.windows += 1
            return torch.full_like(x, float(self.windows))

    line = synthesize(Count(), torch.zeros(1, 32, 48), (32, 32))[0, 16]
    assert (float(line[0]), float(line[-1])) == (0, 1)
    assert bool((line.diff() >= 0).all())
    assert 0.4 < float(line[24]) < 0.6
