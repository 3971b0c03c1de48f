"""Walsh-Hadamard sensing beyond the laws."""

import pytest
import torch
from scipy.linalg import hadamard
from torch.testing import assert_close

from minimand.operators import Hadamard
from minimand.operators.hadamard import random_hadamard, sequency_order, walsh_hadamard

R = torch.float64


@pytest.mark.parametrize("n", [1, 2, 8, 16, 32, 512])
def test_the_fast_transform_is_sylvester_s_matrix(n):
    x = torch.randn(3, n, dtype=R)
    W = torch.from_numpy(hadamard(n)).double() / n**0.5
    assert_close(walsh_hadamard(x), x @ W, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 16, 128])
def test_row_k_of_the_sequency_order_changes_sign_k_times(n):
    rows = torch.from_numpy(hadamard(n))[sequency_order(n)]
    assert torch.equal((rows[:, 1:] != rows[:, :-1]).sum(1), torch.arange(n))


def test_every_row_of_an_image_with_a_power_of_two_of_pixels():
    permutation = torch.randperm(32)
    x = torch.randn(2, 4, 8, dtype=R)
    W = torch.from_numpy(hadamard(32)).double()[sequency_order(32)] / 32**0.5
    A = Hadamard((4, 8), permutation, torch.arange(32))
    assert_close(A(x), x.flatten(1)[:, permutation] @ W.T, rtol=1e-12, atol=1e-12)
    assert_close(A.adjoint(A(x)), x, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (1, 1), (3, 64), (31, 33)])
def test_any_size_keeps_the_number_of_rows_and_the_mean(size):
    A = random_hadamard(size, 0.3, seed=0)
    assert len(A.rows) == max(1, round(0.3 * size[0] * size[1]))
    x = torch.full((1, *size), 2.0, dtype=R)
    if len(A.rows) >= bin(size[0] * size[1]).count("1"):  # a constant image is known where every block has its mean
        assert_close(A.adjoint(A(x)), x, rtol=1e-12, atol=1e-12)


def test_without_the_mean_a_constant_image_is_not_seen():
    A = random_hadamard((8, 8), 0.9, seed=0, mean=False)
    assert_close(A(torch.ones(1, 8, 8, dtype=R)), torch.zeros(1, 58, dtype=R), rtol=0, atol=1e-12)


def test_the_draw_follows_its_seed():
    one, same, other = (random_hadamard((8, 8), 0.5, seed=k) for k in (1, 1, 2))
    assert torch.equal(one.permutation, same.permutation)
    assert torch.equal(one.rows, same.rows)
    assert not torch.equal(one.permutation, other.permutation)


def test_what_is_no_permutation_or_pick_is_refused():
    with pytest.raises(ValueError, match="permutation of the 4 pixels"):
        Hadamard((2, 2), torch.tensor([0, 1, 2, 2]), torch.tensor([0]))
    with pytest.raises(ValueError, match="different rows from 0 to 3"):
        Hadamard((2, 2), torch.arange(4), torch.tensor([4]))
    with pytest.raises(ValueError, match="different rows"):
        Hadamard((2, 2), torch.arange(4), torch.tensor([1, 1]))


def test_another_size_is_refused():
    with pytest.raises(ValueError, match=r"images of 4x8 pixels, got x of shape \(1, 8, 4\)"):
        random_hadamard((4, 8), 0.5, seed=0)(torch.zeros(1, 8, 4))
