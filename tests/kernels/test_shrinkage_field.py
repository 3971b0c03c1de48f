"""The compiled shrinkage field against plain torch, forward and backward."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from minimand.kernels import threads
from minimand.kernels.shrinkage_field import shrinkage_field, shrinkage_field_reference

REACH = 0.8


def numbers(
    planes: int, channels: int, size: int, points: int, dtype: torch.dtype, seed: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Filters, bias, curves and filters, with u well beyond the grid in places."""
    g = torch.Generator().manual_seed(seed)
    analysis, synthesis = torch.randn(2, channels, planes, size, size, dtype=dtype, generator=g) / size
    bias = 0.2 * torch.randn(channels, dtype=dtype, generator=g)
    return analysis, bias, torch.randn(channels, points, dtype=dtype, generator=g).cumsum(1) / points, synthesis


def image(batch: int, planes: int, height: int, width: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(batch, planes, height, width, dtype=dtype, generator=torch.Generator().manual_seed(1))


def results(function: object, x: Tensor, field: tuple[Tensor, ...], outer: Tensor, circular: bool) -> list[Tensor]:
    """y and the gradients of sin(y)'s sum."""
    leaves = [t.clone().requires_grad_() for t in (x, *field)]
    if function is shrinkage_field:
        y = shrinkage_field(*leaves, reach=REACH, outer=outer, circular=circular)
    else:
        y = shrinkage_field_reference(*leaves, REACH, outer, circular)
    return [y.detach(), *torch.autograd.grad(y.sin().sum(), leaves)]


@settings(max_examples=40)
@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(3, 40), st.integers(3, 40)),
    channels=st.integers(1, 7),
    size=st.sampled_from([3, 5, 7]),
    points=st.integers(3, 40),
    circular=st.booleans(),
    seed=st.integers(0, 999),
)
def test_equals_the_reference_forward_and_backward(
    shape: tuple[int, int, int, int], channels: int, size: int, points: int, circular: bool, seed: int
) -> None:
    field = numbers(shape[1], channels, size, points, torch.float64, seed)
    outer = torch.rand(channels, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    found = results(shrinkage_field, image(*shape), field, outer, circular)
    wanted = results(shrinkage_field_reference, image(*shape), field, outer, circular)
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("size", [3, 5, 7])
def test_single_precision_is_near_double(size: int) -> None:
    field = numbers(1, 6, size, 21, torch.float64, seed=3)
    outer = torch.ones(6, 2, dtype=torch.float64)
    wanted = results(shrinkage_field, image(2, 1, 70, 75), field, outer, circular=False)
    single = tuple(t.float() for t in field)
    found = results(shrinkage_field, image(2, 1, 70, 75).float(), single, outer.float(), circular=False)
    for a, b in zip(found, wanted, strict=True):
        assert a.dtype == torch.float32
        assert (a - b).norm() <= 2e-5 * b.norm()


def test_gradcheck() -> None:
    field = numbers(2, 3, 3, 9, torch.float64, seed=5)
    leaves = tuple(t.requires_grad_() for t in (0.3 * image(1, 2, 6, 5), *field))
    assert torch.autograd.gradcheck(lambda *a: shrinkage_field(*a, reach=4.0), leaves)  # every u lies inside


def test_threads_do_not_change_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    field = tuple(t.float() for t in numbers(1, 5, 5, 21, torch.float64, seed=2))
    outer, x = torch.ones(5, 2), image(3, 1, 65, 50).float()
    found = []
    for wanted in ("1", "3"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", wanted)
        assert threads.count() == int(wanted)
        found.append(results(shrinkage_field, x, field, outer, circular=False))
    assert all(torch.equal(a, b) for one, three in pairwise(found) for a, b in zip(one, three, strict=True))


def test_an_item_does_not_see_its_batch() -> None:
    field, x = numbers(1, 4, 5, 21, torch.float64, seed=4), image(3, 1, 33, 20)
    alone = torch.cat([shrinkage_field(x[k : k + 1], *field) for k in range(3)])
    assert torch.equal(shrinkage_field(x, *field), alone)


def test_nan_stays_where_it_reaches() -> None:
    field, x = numbers(1, 4, 3, 21, torch.float64, seed=6), image(1, 1, 20, 20)
    x[0, 0, 10, 10] = torch.nan
    wrong = shrinkage_field(x, *field).isnan()[0, 0]
    assert wrong[8:13, 8:13].all()
    assert wrong.sum() == 25


def test_other_sizes_and_types_take_plain_torch() -> None:
    field = numbers(1, 3, 9, 11, torch.float64, seed=7)
    y = shrinkage_field(image(1, 1, 12, 12), *field)
    torch.testing.assert_close(
        y, shrinkage_field_reference(image(1, 1, 12, 12), *field, 1.0, torch.ones(3, 2).double(), False)
    )
    half = shrinkage_field(image(1, 1, 12, 12).bfloat16(), *(t.bfloat16() for t in field))
    assert half.dtype == torch.bfloat16


def test_is_a_well_formed_torch_operator() -> None:
    field = numbers(1, 3, 3, 9, torch.float64, seed=8)
    leaves = [t.requires_grad_() for t in (image(2, 1, 8, 9), *field)]
    operator = torch.ops.minimand.shrinkage_field.default
    torch.library.opcheck(operator, (*leaves, 1.0, torch.ones(3, 2).double(), False))


def test_a_chosen_number_of_threads_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", "5")
    monkeypatch.setattr(threads, "_chosen", [])
    assert threads.count() == 5
    threads.use(2)
    assert threads.count() == 2
