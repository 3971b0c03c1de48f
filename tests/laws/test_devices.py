"""Operators, terms and steps follow `.to(device)`, and find on a GPU what they find on the processor.

What wraps a library that has no GPU is excused by its `needs`.
"""

import pytest
import torch
from torch.testing import assert_close

from minimand import LeastSquares, solve
from minimand.algebra import leaves, rebuild
from minimand.operators import Convolution, Fourier, Gradient, Identity
from minimand.terms import L1, L21, SquaredL2

DEVICE = "cuda"
on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

OWN = None  # read by conftest.py: specimens of every kind


def moved(x):
    """A point, a tensor or several, on the GPU."""
    return rebuild(x, [leaf.to(DEVICE) for leaf in leaves(x)])


def assert_same(found, expected, tolerance=1e-9):
    for a, b in zip(leaves(found), leaves(expected), strict=True):
        assert a.device.type == DEVICE
        assert_close(a.cpu(), b, rtol=tolerance, atol=tolerance)


def left_behind(module):
    """What holds a tensor that is not on the device "meta", however deep in its tuples, lists and dictionaries.

    `_decode` is excused: a network that is said to be no part of its term.
    """

    def stays(value):
        if isinstance(value, torch.Tensor):
            return value.device.type != "meta"
        if isinstance(value, torch.nn.Module):
            return left_behind(value) != []
        parts = value.values() if isinstance(value, dict) else value
        return isinstance(value, (dict, list, tuple)) and any(stays(part) for part in parts)

    held = [(part, name) for part in module.modules() for name in vars(part) if name not in ("_modules", "_decode")]
    return [f"{type(part).__name__}.{name}" for part, name in held if stays(vars(part)[name])]


def test_an_operator_moves_whole(operator):
    assert left_behind(operator.to("meta")) == []


def test_a_term_moves_whole(term):
    assert left_behind(term.to("meta")) == []


def test_a_step_moves_whole(step):
    assert left_behind(step.to("meta")) == []


@on_a_gpu
def test_an_operator_and_its_adjoint(operator):
    if hasattr(operator, "needs"):
        pytest.skip(f"{operator.needs} computes on the processor")
    x, y = operator.example(2, torch.Generator().manual_seed(1))
    expected = operator(x).detach(), operator.adjoint(y).detach(), operator.normal(x).detach()
    operator.to(DEVICE)
    x, y = moved(x), moved(y)
    for found, wanted in zip((operator(x), operator.adjoint(y), operator.normal(x)), expected, strict=True):
        assert_same(found.detach(), wanted)


@on_a_gpu
def test_a_term(term):
    x, offers = term.example(2, torch.Generator().manual_seed(1)), term.offers()

    def all_of(x):
        results = [term(x)] if "value" in offers else []
        if not term.own_points:
            results += [term.grad(x)] if "grad" in offers else []
            results += [term.prox(x, 0.3)] if "prox" in offers else []
        return [r.detach() for r in results]

    expected = all_of(x)
    for part in (term, *getattr(term, "_decode", ())):  # a decoder is no part of its term
        part.to(DEVICE)
    for found, wanted in zip(all_of(moved(x)), expected, strict=True):
        assert_same(found, wanted)


def energies():
    """Small problems, one of which every step of general use accepts: (energy, start)."""
    y, x = torch.randn(2, 8, 10), torch.zeros(2, 8, 10)
    A = Fourier(torch.rand(8, 10) < 0.6, real=True)
    yield LeastSquares(A, A(y)) + 0.1 * (L21() @ Gradient()), x
    yield LeastSquares(Identity(), y) + 0.3 * L1(), x
    yield LeastSquares(Convolution(3, 3), torch.randn(2, 3, 8, 10), tol=1e-13) + 0.5 * SquaredL2(), x


@on_a_gpu
def test_a_step(step):
    generator = torch.Generator().manual_seed(1)
    own = step.example(2, generator)
    accepted = []
    for energy, x in [own] if own else energies():
        try:
            step.init(energy, x)
        except TypeError:
            continue
        accepted.append((energy, x))
    assert accepted
    for energy, x in accepted:
        expected = solve(step, energy, x, max_iter=3, tol=0.0).state
        parts = energy.data, *getattr(energy.data, "_decode", ()), *(part for prior in energy.priors for part in prior)
        for part in (*parts, step):
            part.to(DEVICE)
        found = solve(step, energy, moved(x), max_iter=3, tol=0.0).state
        assert_same(found, expected)
        step.to("cpu")
