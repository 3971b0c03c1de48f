"""Algebra on batches."""

from typing import NamedTuple

import torch
from torch.testing import assert_close

from minimand.algebra import inner, keep_finished, leaves, norm, on_parts, per_channel, rebuild, relative_change

C = torch.complex128


class State(NamedTuple):
    x: torch.Tensor
    z: tuple
    k: torch.Tensor


def state(seed, batch=2):
    g = torch.Generator().manual_seed(seed)
    x, z = torch.randn(batch, 3, dtype=C, generator=g), torch.randn(batch, 2, 2, generator=g, dtype=torch.float64)
    return State(x, (z, x * 2), torch.arange(batch) + seed)


def test_inner_products_are_real_and_per_item():
    x, y = torch.randn(2, 3, 4, dtype=C), torch.randn(2, 3, 4, dtype=C)
    assert_close(inner(x, y), torch.stack([torch.vdot(a.flatten(), b.flatten()).real for a, b in zip(x, y)]))
    assert_close(inner(x.real, y), (x.real * y.real).sum((1, 2)))


def test_norms_of_real_complex_and_conjugated_tensors():
    x = torch.randn(2, 3, 4, dtype=C, requires_grad=True)
    expected = x.abs().square().sum((1, 2)).sqrt()
    for v in (x, x.conj(), x.transpose(1, 2), torch.view_as_real(x)):
        assert_close(norm(v), expected)
    assert torch.autograd.gradcheck(norm, (x,))


def test_leaves_and_rebuild_are_inverse():
    s = state(0)
    assert len(leaves(s)) == 4
    again = rebuild(s, leaves(s))
    assert isinstance(again, State)
    assert all(a is b for a, b in zip(leaves(again), leaves(s)))


def test_finished_items_stay():
    new, old = state(1), state(2)
    kept = keep_finished(torch.tensor([True, False]), new, old)
    for k, n, o in zip(leaves(kept), leaves(new), leaves(old)):
        assert torch.equal(k[0], n[0])
        assert torch.equal(k[1], o[1])


def test_relative_change_is_that_of_the_whole_state_without_counters():
    new, old = state(1), state(2)
    flat = [torch.cat([leaf.flatten(1).to(C) for leaf in leaves(s)[:3]], dim=1) for s in (new, old)]
    assert_close(relative_change(new, old), (flat[0] - flat[1]).abs().square().sum(1).sqrt() / norm(flat[0]))
    assert relative_change(old, old).tolist() == [0, 0]
    nothing = rebuild(old, [torch.zeros_like(leaf) for leaf in leaves(old)])
    assert relative_change(nothing, nothing).tolist() == [0, 0]
    assert relative_change(nothing, old).isinf().all()


def test_parts_are_mapped_alike():
    x = torch.randn(2, 3, dtype=C)
    assert_close(on_parts(torch.tanh, x), torch.complex(x.real.tanh(), x.imag.tanh()))
    assert_close(on_parts(torch.tanh, x.real), x.real.tanh())


def test_numbers_of_channels_broadcast_along_axis_one():
    x = torch.ones(2, 3, 4, 5)
    assert (per_channel(torch.arange(3.0), x) * x)[0, 2, 0, 0] == 2
    assert per_channel(0.5, x) == 0.5
    assert per_channel(torch.tensor(0.5), x).shape == ()
