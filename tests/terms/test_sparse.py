"""Shrinkages in closed form."""

import pytest
import torch
from torch.testing import assert_close

from minimand.terms import L1, L21, soft_threshold

COMPLEX = torch.complex128


def test_soft_threshold_shrinks_the_modulus_and_keeps_the_sign():
    x = torch.tensor([-3.0, -1.0, -0.5, 0.0, 0.5, 2.0])
    assert soft_threshold(x, 1.0).tolist() == [-2.0, 0.0, 0.0, 0.0, 0.0, 1.0]


def test_soft_threshold_keeps_the_phase():
    x = torch.tensor([3 + 4j, 0j, 0.3 - 0.4j], dtype=COMPLEX)
    assert_close(soft_threshold(x, 1.0), torch.tensor([2.4 + 3.2j, 0j, 0j], dtype=COMPLEX))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64, COMPLEX])
def test_the_derivative_of_soft_threshold_at_zero_is_zero(dtype):
    x, t = torch.zeros(2, 3, dtype=dtype, requires_grad=True), torch.tensor(0.5, requires_grad=True)
    (soft_threshold(x, t).abs().sum() + soft_threshold(x, t).real.sum()).backward()
    assert not x.grad.any()
    assert t.grad == 0


@pytest.mark.parametrize("dtype", [torch.float64, COMPLEX])
def test_derivatives_away_from_the_kink(dtype):
    x = torch.randn(2, 2, 3, dtype=dtype) * 3
    x[x.abs() < 0.2] = 1
    t = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    x.requires_grad_()
    assert torch.autograd.gradcheck(soft_threshold, (x, t))
    assert torch.autograd.gradcheck(L21().prox, (x, t))
    assert torch.autograd.gradcheck(L21(), (x,))
    assert torch.autograd.gradcheck(L1(), (x,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
def test_a_group_of_zeros_has_gradient_zero(dtype):
    x = torch.zeros(1, 2, 3, dtype=dtype, requires_grad=True)
    (L21()(x) + L21().prox(x, 0.5).real.sum() + L1()(x)).sum().backward()
    assert not x.grad.any()


def test_what_the_prox_of_l1_removes_is_the_projection_onto_the_box():
    """Moreau: the conjugate of ||.||_1 is the indicator of the ball of the maximum norm."""
    v, t = torch.randn(2, 3, 4, dtype=COMPLEX), 0.7
    projection = v / (v.abs() / t).clamp_min(1)
    assert_close(v - L1().prox(v, t), projection)


def test_what_the_prox_of_l21_removes_is_the_projection_onto_the_balls():
    v, t = torch.randn(2, 3, 4, dtype=torch.float64), 0.7
    projection = v / (torch.linalg.vector_norm(v, dim=1, keepdim=True) / t).clamp_min(1)
    assert_close(v - L21().prox(v, t), projection)


def test_groups_that_vanish_are_exactly_zero():
    v = torch.rand(1, 2, 100) * 0.7
    p = L21().prox(v, 1.0)
    assert not p.any()


def test_nan_is_not_hidden():
    x = torch.tensor([[[float("nan")], [1.0]]])
    assert L21().prox(x, 0.1).isnan().all()
    assert soft_threshold(x.to(torch.complex64), 0.1).isnan().any()


def test_l21_refuses_a_length_for_every_channel():
    with pytest.raises(ValueError, match="one t for all"):
        L21().prox(torch.randn(1, 2, 3, 3), torch.rand(2, 1, 1))
