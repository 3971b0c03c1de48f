"""The compiled collaborative filter against its equations, written out in torch."""

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels import threads
from minimand.kernels.collaborative_filter import SIZE, collaborative_filter, collaborative_filter_reference

TOLERANCE = {torch.float32: 2e-4, torch.float64: 1e-12}


def sample(dtype, planes=2, size=(21, 26)):
    """Planes, groups that cover them, and a transform that is not orthogonal."""
    rows, columns = (torch.unique(torch.tensor([*range(0, n - SIZE, 3), n - SIZE])) for n in size)
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), -1)
    others = [torch.randint(n - SIZE + 1, (*grid.shape[:2], 7)) for n in size]
    positions = torch.cat([grid.unsqueeze(2), torch.stack(others, -1)], 2)
    sizes = 2 ** torch.randint(4, grid.shape[:2])
    noisy, guide = torch.randn(2, planes, *size, dtype=dtype)
    transform = (torch.eye(SIZE) + 0.1 * torch.randn(SIZE, SIZE)).to(dtype)
    return noisy, guide, positions, sizes, transform, torch.rand(SIZE, SIZE).to(dtype) + 0.5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("stage", ["hard", "wiener"])
def test_it_is_what_the_equations_say(dtype, stage):
    noisy, guide, *rest = sample(dtype)
    guide = guide if stage == "wiener" else None
    found, expected = (f(noisy, guide, *rest, 0.7) for f in (collaborative_filter, collaborative_filter_reference))
    assert found.dtype == dtype
    assert_close(found, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_nothing_changes_where_nothing_is_shrunk():
    noisy, _, *rest = sample(torch.float64)
    assert_close(collaborative_filter(noisy, None, *rest, 0.0), noisy)


def test_threads_change_nothing(monkeypatch):
    noisy, guide, *rest = sample(torch.float32, size=(60, 30))
    results = []
    for number in (1, 3):
        monkeypatch.setattr(threads, "_chosen", [number])
        results.append(collaborative_filter(noisy, guide, *rest, 0.7))
    assert torch.equal(*results)
