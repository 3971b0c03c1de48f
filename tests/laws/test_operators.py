"""What every operator promises, in double precision: it is linear; adjoint, norm, scalings and symbol are true."""

import inspect

import pytest
import torch
from torch.testing import assert_close

from minimand.algebra import inner, norm, per_channel


def pair(operator, batch=2, seed=1):
    return operator.example(batch, torch.Generator().manual_seed(seed))


def real_and_imaginary(x):
    """x as one long real vector an item."""
    return (torch.view_as_real(x.resolve_conj()) if x.is_complex() else x).flatten(1)


def fixes_the_batch(operator):
    return len(pair(operator, batch=5)[0]) != 5


def dense(operator):
    """The operator on one item of its example as a real matrix, complex numbers as pairs."""
    x = pair(operator)[0][:1]
    size = real_and_imaginary(x).shape[1]
    basis = torch.eye(size)
    if x.is_complex():
        basis = torch.view_as_complex(basis.reshape(size, *x.shape[1:], 2).contiguous())
    columns = [operator(e.reshape(x.shape)) for e in basis]
    return torch.cat([real_and_imaginary(c[:1]) for c in columns]).T.detach()


def test_it_is_whole_and_has_specimens(operator_class):
    assert not inspect.isabstract(operator_class)
    library = getattr(operator_class, "needs", "torch")
    pytest.importorskip(library, reason=f"needs the optional package {library}")
    assert operator_class.specimens()


def test_the_example_is_double_and_has_the_batch(operator):
    x, y = pair(operator, batch=3)
    assert {x.dtype, y.dtype} <= {torch.float64, torch.complex128}
    assert len(x) == len(y) == 3
    assert operator(x).shape == y.shape
    assert operator.adjoint(y).shape == x.shape


def test_adjoint(operator):
    x, y = pair(operator)
    assert_close(inner(operator(x), y), inner(x, operator.adjoint(y)), rtol=1e-12, atol=1e-12)


def test_autograd_gives_the_adjoint(operator):
    x, y = pair(operator)
    x.requires_grad_()
    (pulled,) = torch.autograd.grad(operator(x), x, y)
    assert_close(pulled, operator.adjoint(y), rtol=1e-12, atol=1e-12)


def test_autograd_of_the_adjoint_gives_the_operator(operator):
    x, y = pair(operator)
    y.requires_grad_()
    (pushed,) = torch.autograd.grad(operator.adjoint(y), y, x)
    assert_close(pushed, operator(x), rtol=1e-12, atol=1e-12)


def test_pull_is_the_adjoint_of_weighted_data(operator):
    y = pair(operator)[1]
    weights = [0.7, torch.tensor(0.7)] + ([torch.rand(y.shape[1]) + 0.1] if y.ndim == 4 else [])
    for weight in weights:
        assert_close(operator.pull(y, weight), operator.adjoint(per_channel(weight, y) * y), rtol=1e-12, atol=1e-12)


def test_normal_is_the_operator_and_its_adjoint(operator):
    x = pair(operator)[0]
    assert_close(operator.normal(x), operator.adjoint(operator(x)), rtol=1e-12, atol=1e-12)


def test_linear(operator):
    (x, y), (v, w) = pair(operator), pair(operator, seed=2)
    a, b = (0.7 - 1.3j, -2.1 + 0.4j) if x.is_complex() else (0.7, -2.1)
    assert_close(operator(a * x + b * v), a * operator(x) + b * operator(v), rtol=1e-12, atol=1e-12)
    back = operator.adjoint(0.7 * y - 2.1 * w)
    assert_close(back, 0.7 * operator.adjoint(y) - 2.1 * operator.adjoint(w), rtol=1e-12, atol=1e-12)


def test_items_are_independent(operator):
    x, y = pair(operator, batch=3)
    for which in (slice(1, 2), torch.tensor([2, 0])):
        alone = operator.items(which)
        assert_close(operator(x)[which], alone(x[which]), rtol=1e-13, atol=1e-13)
        assert_close(operator.adjoint(y)[which], alone.adjoint(y[which]), rtol=1e-13, atol=1e-13)


def test_norm_is_the_largest_singular_value_and_a_bound(operator):
    x, _ = pair(operator)
    bound = operator.norm(iterations=300)
    assert bool((norm(operator(x)) <= bound * norm(x) * (1 + 1e-9)).all())
    if not fixes_the_batch(operator):
        assert bound == pytest.approx(float(torch.linalg.matrix_norm(dense(operator), ord=2)), rel=1e-3)


def test_tight_and_coisometry_are_what_they_claim(operator):
    x, y = pair(operator)
    if operator.tight is not None:
        assert_close(operator.adjoint(operator(x)), operator.tight * x, rtol=1e-12, atol=1e-12)
    if operator.coisometry is not None:
        assert_close(operator(operator.adjoint(y)), operator.coisometry * y, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", ["one", "a number", "a tensor", "one a channel"])
def test_symbol_is_the_transform_of_the_normal_operator(operator, kind):
    x, y = pair(operator)
    channels = y.shape[1] if y.ndim == 4 else 1
    weight = {"one": 1.0, "a number": 0.3, "a tensor": torch.tensor(0.3), "one a channel": torch.rand(channels) + 0.5}[
        kind
    ]
    symbol = operator.symbol(x.shape[-2:], weight=weight) if x.ndim == 3 else None
    if symbol is None:
        return  # no claim, nothing to hold it to
    weighted = (weight.reshape(-1, 1, 1) if kind == "one a channel" and y.ndim == 4 else weight) * operator(x)
    assert not symbol.is_complex()
    normal = torch.fft.fft2(operator.adjoint(weighted))
    assert_close(normal, symbol * torch.fft.fft2(x), rtol=1e-11, atol=1e-11)


def test_half_a_symbol_is_half_the_symbol(operator):
    size = pair(operator)[0].shape[-2:]
    full, half = (operator.symbol(size, half=half, weight=0.3) for half in (False, True))
    if full is None:
        assert half is None
    else:
        assert_close(half, full[..., : size[1] // 2 + 1], rtol=1e-13, atol=1e-13)


def test_single_precision_stays_single(operator):
    def single(v):
        kinds = {torch.float64: torch.float32, torch.complex128: torch.complex64}
        return v.to(kinds.get(v.dtype, v.dtype))

    for number in (*operator.parameters(), *operator.buffers()):
        number.data = single(number.data)
    x, y = map(single, pair(operator))
    assert operator(x).dtype == y.dtype
    assert operator.adjoint(y).dtype == x.dtype
