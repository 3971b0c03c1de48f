"""The compiled filter bank against torch's convolutions."""

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels.filter_bank import (
    _analysis,
    _correlation,
    _synthesis,
    analysis,
    analysis_reference,
    synthesis,
    synthesis_reference,
)

TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-12}
SIZES = [(16, 16), (7, 10), (3, 5), (2, 2), (1, 6)]


def sample(dtype, size=(7, 10), width=3, batch=2, channels=4):
    x, y = torch.randn(batch, *size, dtype=dtype), torch.randn(batch, channels, *size, dtype=dtype)
    return x.requires_grad_(), y.requires_grad_(), torch.randn(channels, width, width, dtype=dtype).requires_grad_()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("width", [3, 5])
@pytest.mark.parametrize("size", [(16, 16), (7, 10), (3, 5)])
def test_values_and_gradients_are_those_of_the_reference(dtype, width, size):
    x, y, filters = sample(dtype, size, width)
    pairs = [(analysis, analysis_reference, x, y), (synthesis, synthesis_reference, y, x)]
    for compiled, reference, source, weight in pairs:
        found = []
        for f in (compiled, reference):
            out = f(source, filters)
            found.append((out.detach(), *torch.autograd.grad((weight.detach() * out).sum(), [source, filters])))
        for a, b in zip(*found, strict=True):
            assert_close(a, b, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("width", [3, 5, 9])
def test_it_wraps_around_however_small_the_image(size, width):
    """The definition, written out: y_c[n] = sum_m w_c[m] x[n - m]."""
    x, _, filters = sample(torch.float64, size, width)
    r = width // 2
    expected = sum(
        filters[:, p + r, q + r][:, None, None] * x[:, None].roll((p, q), (-2, -1))
        for p in range(-r, r + 1)
        for q in range(-r, r + 1)
    )
    assert_close(analysis(x, filters), expected)
    y = torch.randn_like(expected)
    assert_close((expected * y).sum(), (x * synthesis(y, filters)).sum())


def test_memory_need_not_be_contiguous():
    x, y, filters = (t.detach() for t in sample(torch.float64))
    assert_close(analysis(x.mT, filters.mT), analysis_reference(x.mT, filters.mT))
    assert_close(synthesis(y.mT, filters.mT), synthesis_reference(y.mT, filters.mT))


def test_nan_goes_through():
    x, _, filters = (t.detach() for t in sample(torch.float32))
    x[0, 3, 3] = float("nan")
    y = analysis(x, filters)
    assert y[0].isnan().any()
    assert y[1].isfinite().all()
    assert synthesis(y, filters)[0].isnan().any()


@pytest.mark.parametrize("batch", [0, 1])
def test_an_empty_batch(batch):
    x, y, filters = sample(torch.float32, batch=batch)
    (analysis(x, filters).sum() + synthesis(y, filters).sum()).backward()
    assert x.grad.shape == x.shape


def test_gradcheck():
    x, y, filters = sample(torch.float64, size=(4, 3), batch=1, channels=2)
    assert torch.autograd.gradcheck(analysis, (x, filters))
    assert torch.autograd.gradcheck(synthesis, (y, filters))


def test_torch_knows_the_operators():
    x, y, filters = sample(torch.float64)
    torch.library.opcheck(_analysis, (x, filters))
    torch.library.opcheck(_synthesis, (y, filters))
    torch.library.opcheck(_correlation, (x.detach(), y.detach(), 3))


def test_it_can_be_traced():
    class Net(torch.nn.Module):
        def forward(self, x, filters):
            return synthesis(analysis(x, filters).relu(), filters)

    x, _, filters = (t.detach() for t in sample(torch.float32))
    program = torch.export.export(Net(), (x, filters), strict=False)
    assert_close(program.module()(x, filters), Net()(x, filters))
