"""The compiled curve against its reference of four lines."""

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels.piecewise_linear import _curve, _curve_backward, piecewise_linear, piecewise_linear_reference

TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-11}
INF, NAN = float("inf"), float("nan")


def sample(dtype, batch=3, channels=4, pixels=257, points=21):
    x = torch.randn(batch, channels, pixels, dtype=dtype)
    return x.requires_grad_(), torch.randn(channels, points, dtype=dtype).requires_grad_()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("reach", [0.5, 1.0, 7.0])
def test_value_and_gradients_are_those_of_the_reference(dtype, reach):
    x, values = sample(dtype)
    weight, found = torch.randn_like(x), []
    for curve in (piecewise_linear, piecewise_linear_reference):
        y = curve(x, values, reach)
        found.append((y.detach(), *torch.autograd.grad((weight * y).sum(), [x, values])))
    for a, b in zip(*found, strict=True):
        assert_close(a, b, rtol=TOLERANCE[dtype], atol=10 * TOLERANCE[dtype])


@pytest.mark.parametrize("curve", [piecewise_linear, piecewise_linear_reference])
def test_an_outside_sample_has_slope_one_and_gives_the_end_points_nothing(curve):
    """The convention of the authors of ADMM-Net; x = reach is outside, x = -reach is not."""
    values = torch.tensor([[0.5, 0.0, 0.0, 0.0, -0.25]], dtype=torch.float64, requires_grad=True)
    x = torch.tensor([[[-1.5, 1.0, 3.0]]], dtype=torch.float64, requires_grad=True)
    y = curve(x, values, 1.0)
    assert_close(y.detach().flatten(), torch.tensor([0.0, -0.25, 1.75], dtype=torch.float64))
    grad_x, grad_values = torch.autograd.grad(y.sum(), [x, values])
    assert grad_x.tolist() == [[[1.0, 1.0, 1.0]]]
    assert not grad_values.any()


@pytest.mark.parametrize("curve", [piecewise_linear, piecewise_linear_reference])
def test_an_inside_sample_gives_its_two_neighbours(curve):
    values = torch.zeros(1, 5, dtype=torch.float64, requires_grad=True)
    x = torch.tensor([[[-1.0, 0.125]]], dtype=torch.float64)
    (grad,) = torch.autograd.grad(curve(x, values, 1.0).sum(), values)
    assert_close(grad, torch.tensor([[1.0, 0.0, 0.75, 0.25, 0.0]], dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_control_points_have_their_values(dtype):
    values = torch.randn(2, 101, dtype=dtype)
    x = torch.linspace(-1, 1, 101, dtype=dtype).expand(1, 2, 101).contiguous()
    assert_close(piecewise_linear(x, values, 1.0)[0], values, rtol=1e-4, atol=1e-4 if dtype == torch.float32 else 1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nan_goes_through_and_infinity_stays(dtype):
    values = torch.randn(1, 7, dtype=dtype, requires_grad=True)
    x = torch.tensor([[[NAN, INF, -INF, 1e30, -1e30, 0.1]]], dtype=dtype, requires_grad=True)
    for curve in (piecewise_linear, piecewise_linear_reference):
        y = curve(x, values, 1.0)
        assert y[0, 0, 0].isnan()
        assert y[0, 0, 1] == INF
        assert y[0, 0, 2] == -INF
        assert y[0, 0, 3:].isfinite().all()
        y[0, 0, 1:].sum().backward()
        assert x.grad[0, 0, 1:].isfinite().all()


@pytest.mark.parametrize("shape", [(0, 4, 5), (2, 4, 0), (1, 4, 1)])
def test_empty_and_tiny_tensors(shape):
    x, values = torch.randn(shape, requires_grad=True), torch.randn(4, 5, requires_grad=True)
    y = piecewise_linear(x, values, 1.0)
    y.sum().backward()
    assert y.shape == shape


def test_memory_need_not_be_contiguous():
    x, values = torch.randn(5, 4, 3), torch.randn(5, 3).T
    assert_close(piecewise_linear(x.mT, values, 1.0), piecewise_linear_reference(x.mT, values, 1.0))


def test_gradcheck():
    x, values = torch.randn(2, 2, 6, dtype=torch.float64) / 3, torch.randn(2, 5, dtype=torch.float64)
    x = x.clamp(-0.95, 0.95).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, v: piecewise_linear(x, v, 1.0), (x, values.requires_grad_()))


def test_torch_knows_the_operator():
    x, values = sample(torch.float64, pixels=11)
    torch.library.opcheck(_curve, (x, values, 1.0))
    torch.library.opcheck(_curve_backward, (x.detach(), x.detach(), values.detach(), 1.0))


def test_it_can_be_traced():
    """Shapes alone are enough for an exported graph, which then runs."""

    class Net(torch.nn.Module):
        def forward(self, x, values):
            return 2 * piecewise_linear(x, values, 1.0)

    x, values = (t.detach() for t in sample(torch.float32))
    program = torch.export.export(Net(), (x, values), strict=False)
    assert_close(program.module()(x, values), 2 * piecewise_linear_reference(x, values, 1.0))
