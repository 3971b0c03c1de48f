"""Run by test_shrinkage_field_triton.py in a process of its own, on a GPU or in Triton's interpreter.

Triton decides when it is imported whether to interpret, hence the process.
"""

import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from minimand.kernels import shrinkage_field_triton
from minimand.kernels.shrinkage_field import shrinkage_field_reference

REACH = 0.7
DEVICE = "cpu" if os.environ.get("TRITON_INTERPRET") == "1" else "cuda"
Field = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def numbers(shape: tuple[int, int, int, int], channels: int, size: int, points: int, seed: int = 0) -> Field:
    """Image, filters, bias, curves and filters, with u well beyond the grid in places."""
    g = torch.Generator().manual_seed(seed)
    filters = torch.randn(2, channels, shape[1], size, size, dtype=torch.float64, generator=g) / size
    bias = 0.2 * torch.randn(channels, dtype=torch.float64, generator=g)
    values = torch.randn(channels, points, dtype=torch.float64, generator=g)
    x = torch.randn(shape, dtype=torch.float64, generator=g)
    return tuple(t.to(DEVICE) for t in (x, filters[0], bias, values, filters[1]))  # type: ignore[return-value]


def outside(channels: int) -> Tensor:
    """Slopes beyond the grid."""
    return torch.linspace(0.2, 1.3, 2 * channels, dtype=torch.float64, device=DEVICE).reshape(channels, 2)


def reference(field: Field, outer: Tensor, circular: bool) -> tuple[Tensor, ...]:
    """Some gradient of y, then y and the gradients of everything."""
    leaves = [t.clone().requires_grad_() for t in field]
    y = shrinkage_field_reference(*leaves, REACH, outer, circular)
    grad = (3 * y.detach()).sin()
    return grad, y.detach(), *torch.autograd.grad(y, leaves, grad)


def ours(grad: Tensor, field: Field, outer: Tensor, circular: bool) -> tuple[Tensor, ...]:
    """The same from the kernels."""
    y = shrinkage_field_triton.forward(*field, REACH, outer, circular)
    return y, *shrinkage_field_triton.backward(grad, *field, REACH, outer, circular)


@pytest.mark.slow
@settings(max_examples=25)
@given(
    shape=st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(3, 9), st.integers(3, 11)),
    channels=st.integers(1, 20),
    size=st.sampled_from([3, 5, 7]),
    points=st.integers(3, 21),
    circular=st.booleans(),
    seed=st.integers(0, 999),
)
def test_equals_the_reference_for_random_shapes(
    shape: tuple[int, int, int, int], channels: int, size: int, points: int, circular: bool, seed: int
) -> None:
    field, outer = numbers(shape, channels, size, points, seed), outside(channels)
    grad, *wanted = reference(field, outer, circular)
    for a, b in zip(ours(grad, field, outer, circular), wanted, strict=True):
        assert_close(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("circular", [False, True])
def test_equals_the_reference_with_either_padding(circular: bool) -> None:
    field, outer = numbers((1, 2, 5, 9), 5, 5, 11), outside(5)
    grad, *wanted = reference(field, outer, circular)
    for a, b in zip(ours(grad, field, outer, circular), wanted, strict=True):
        assert_close(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("size", [pytest.param(3, marks=pytest.mark.slow), 5, pytest.param(7, marks=pytest.mark.slow)])
def test_single_precision_is_near_double(size: int) -> None:
    field, outer = numbers((1, 1, 9, 17), 5, size, 21), outside(5)
    grad, *wanted = reference(field, outer, circular=False)
    single: Field = tuple(t.float() for t in field)  # type: ignore[assignment]
    for a, b in zip(ours(grad.float(), single, outer.float(), circular=False), wanted, strict=True):
        assert a.dtype == torch.float32
        assert (a - b).norm() <= 2e-5 * b.norm()


def test_programs_share_the_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shrinkage_field_triton, "PROGRAMS", 3)
    monkeypatch.setattr(shrinkage_field_triton, "COPIES", 2)
    field, outer = numbers((2, 1, 7, 13), 18, 3, 7), outside(18)
    grad, *wanted = reference(field, outer, circular=True)
    for a, b in zip(ours(grad, field, outer, circular=True), wanted, strict=True):
        assert_close(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.slow
def test_many_taps_leave_room_for_fewer_pixels() -> None:
    field, outer = numbers((1, 3, 5, 6), 2, 7, 5), outside(2)
    grad, *wanted = reference(field, outer, circular=False)
    for a, b in zip(ours(grad, field, outer, circular=False), wanted, strict=True):
        assert_close(a, b, rtol=1e-10, atol=1e-11)


def test_nan_stays_where_it_reaches() -> None:
    x, *field = numbers((1, 1, 12, 12), 4, 3, 21)
    x[0, 0, 5, 5] = torch.nan
    y = shrinkage_field_triton.forward(x, *field, REACH, outside(4), False)
    wrong = y.isnan()[0, 0]
    assert wrong[3:8, 3:8].all()
    assert wrong.sum() == 25


def test_memory_need_not_be_contiguous() -> None:
    x, *field = numbers((2, 2, 5, 6), 3, 3, 5)
    outer, strided = outside(3), x.transpose(0, 1).contiguous().transpose(0, 1)
    grad, *wanted = reference((x, *field), outer, circular=False)
    for a, b in zip(ours(grad.mT.contiguous().mT, (strided, *field), outer, circular=False), wanted, strict=True):
        assert_close(a, b, rtol=1e-10, atol=1e-11)


def test_an_empty_batch() -> None:
    field, outer = numbers((0, 1, 5, 6), 3, 3, 5), outside(3)
    y, *grads = ours(field[0], field, outer, circular=False)
    assert y.shape == field[0].shape
    for a, b in zip(grads, field, strict=True):
        assert a.shape == b.shape
        assert not a.any()
