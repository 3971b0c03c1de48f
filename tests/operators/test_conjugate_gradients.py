"""Conjugate gradients."""

import torch
from torch.testing import assert_close

from minimand.operators.conjugate_gradients import conjugate_gradients

R = torch.float64


def system(batch, n):
    M = torch.randn(batch, n, n, dtype=R)
    return M @ M.mT + torch.eye(n, dtype=R), torch.randn(batch, n, dtype=R)


def test_it_solves_every_system_of_the_batch():
    M, b = system(3, 6)
    x = conjugate_gradients(lambda v: (M @ v.unsqueeze(-1)).squeeze(-1), b, torch.zeros_like(b), tol=1e-12)
    assert_close(x, torch.linalg.solve(M, b))


def test_items_stop_one_by_one():
    """An item that starts at its solution stays there bit for bit."""
    M, b = system(2, 6)
    start = torch.linalg.solve(M, b)
    start[1] = 0
    x = conjugate_gradients(lambda v: (M @ v.unsqueeze(-1)).squeeze(-1), b, start, tol=1e-10)
    assert torch.equal(x[0], start[0])
    assert_close(x[1], torch.linalg.solve(M, b)[1])


def test_nothing_to_solve_for_is_zero():
    b = torch.randn(1, 4, dtype=R)
    x = conjugate_gradients(lambda v: v, torch.zeros_like(b), torch.zeros_like(b))
    assert not x.any()


def test_it_can_be_differentiated():
    M, b = system(1, 4)
    start = torch.zeros_like(b)

    def run(M, b):
        return conjugate_gradients(lambda v: (M @ v.unsqueeze(-1)).squeeze(-1), b, start, tol=1e-14)

    M = (M + M.mT) / 2
    assert torch.autograd.gradcheck(lambda b: run(M, b), (b.requires_grad_(),))
    scale = torch.tensor(1.3, dtype=R, requires_grad=True)
    assert torch.autograd.gradcheck(lambda s: run(s * M, b.detach()), (scale,))
