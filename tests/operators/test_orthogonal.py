"""Dense and block-wise random rows beyond the laws."""

import pytest
import torch
from torch.testing import assert_close

from minimand.operators import Blocks, OrthogonalRows
from minimand.operators import orthogonal as module
from minimand.operators.orthogonal import random_blocks, random_orthogonal


def test_the_rows_are_orthonormal_and_as_many_as_asked():
    A = random_orthogonal((6, 7), 0.25, seed=0)
    assert A.matrix.shape == (10, 42)
    assert_close(A.matrix @ A.matrix.T, torch.eye(10))


def test_rows_that_are_not_orthonormal_are_refused():
    with pytest.raises(ValueError, match="needs orthonormal rows"):
        OrthogonalRows(torch.ones(2, 4), (2, 2))


def test_a_matrix_beyond_memory_is_refused_before_it_is_drawn(monkeypatch):
    monkeypatch.setattr(module, "max_bytes", lambda: 2**20)
    with pytest.raises(ValueError, match=r"410 orthogonal rows of 64x64 pixels need 0.0 GiB.*use blocks or structural"):
        random_orthogonal((64, 64), 0.1, seed=0)


def test_every_whole_block_has_the_same_rows():
    A = random_blocks((6, 8), 0.5, side=2, seed=0)
    x = torch.randn(1, 2, 2).repeat(1, 3, 4)  # the same block everywhere
    y = A(x).reshape(12, 2)
    assert_close(y, y[:1].expand(12, 2))
    assert_close(y[0], A.sensing[0].matrix @ x[0, :2, :2].flatten())


@pytest.mark.parametrize(
    ("size", "tiles"),
    [
        ((6, 9), [(3, 3)]),
        ((6, 8), [(3, 3), (3, 2)]),
        ((7, 8), [(3, 3), (3, 2), (1, 3), (1, 2)]),
        ((2, 8), [(2, 3), (2, 2)]),
        ((2, 2), [(2, 2)]),
    ],
)
def test_cut_blocks_have_rows_of_their_own(size, tiles):
    A = random_blocks(size, 1.0, side=3, seed=0)
    assert [s.size for s in A.sensing] == tiles
    x = torch.randn(2, *size)
    assert_close(A(x).shape, torch.Size((2, size[0] * size[1])))
    assert_close(A.adjoint(A(x)), x)  # every row of every block: nothing is lost


def test_sensing_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="need sensing of 3x3, 3x2, in this order"):
        Blocks((6, 8), 3, [random_orthogonal((3, 3), 0.5, seed=0)])
