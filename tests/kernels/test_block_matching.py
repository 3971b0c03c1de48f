"""The compiled block matching against the definition, written out in torch."""

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels import threads
from minimand.kernels.block_matching import block_matching, block_matching_reference, corners, most

DTYPES = [torch.float32, torch.float64, torch.complex64, torch.complex128]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("size", "step", "window", "count"), [(8, 3, 13, 16), (5, 2, 7, 9), (1, 4, 3, 4), (7, 1, 5, 1)]
)
def test_it_finds_what_the_reference_finds(dtype, size, step, window, count):
    x = torch.randn(2, 23, 30, dtype=dtype)
    found, expected = (
        match(x, size, step=step, window=window, count=count) for match in (block_matching, block_matching_reference)
    )
    assert torch.equal(found.positions, expected.positions)
    assert found.distances.dtype == x.real.dtype
    assert_close(found.distances, expected.distances)


@pytest.mark.parametrize("match", [block_matching, block_matching_reference])
def test_a_patch_comes_first_and_equal_ones_in_the_order_of_the_window(match):
    found = match(torch.zeros(1, 9, 9), 3, step=6, window=5, count=9)
    corner = [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2], [2, 0], [2, 1], [2, 2]]
    assert found.positions[0, 0].tolist() == corner
    assert found.positions[0, :, 0].tolist() == [[0, 0], [0, 6], [6, 0], [6, 6]]
    assert found.positions[0, 3].tolist() == [[6 - p, 6 - q] for p, q in corner]


def test_a_copy_of_a_patch_is_found():
    x = torch.randn(1, 40, 40)
    x[0, 20:28, 9:17] = x[0, 3:11, 6:14]
    found = block_matching(x, 8, step=3, window=39, count=2)
    reference = int(torch.nonzero((found.positions[0, :, 0] == torch.tensor([3, 6])).all(-1)))
    assert found.positions[0, reference, 1].tolist() == [20, 9]
    assert found.distances[0, reference].tolist() == [0, 0]


def test_references_cover_the_image():
    assert corners(14, 8, 3).tolist() == [0, 3, 6]
    assert corners(16, 8, 3).tolist() == [0, 3, 6, 8]
    assert corners(8, 8, 3).tolist() == [0]


def test_numbers_that_are_none_match_nothing():
    x = torch.randn(1, 20, 20)
    x[0, 10, 10] = float("nan")
    found = block_matching(x, 4, step=2, window=7, count=4)
    assert ((found.positions >= 0) & (found.positions <= 16)).all()


def test_threads_change_nothing(monkeypatch):
    x, alone = torch.randn(3, 30, 31), None
    for number in (1, 3):
        monkeypatch.setattr(threads, "_chosen", [number])
        found = block_matching(x, 8, step=3, window=15, count=8)
        alone = alone or found
        assert torch.equal(found.positions, alone.positions)


def test_what_cannot_be_found_is_refused():
    x = torch.zeros(1, 10, 12)
    assert most(10, 12, 8, 39) == 15
    with pytest.raises(ValueError, match="15 patches at most"):
        block_matching(x, 8, step=3, window=39, count=16)
    for size, step, window in [(11, 3, 39), (8, 0, 39), (8, 3, 38), (0, 1, 3)]:
        with pytest.raises(ValueError, match="within the image"):
            block_matching(x, size, step=step, window=window, count=1)
