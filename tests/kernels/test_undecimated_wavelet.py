"""The loops of the undecimated wavelet transform as torch operators."""

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels.undecimated_wavelet import (
    undecimated,
    undecimated_adjoint,
    undecimated_adjoint_reference,
    undecimated_reference,
)

TAPS = torch.tensor([[0.3, 0.5, 0.2], [0.4, -0.7, 0.3]], dtype=torch.float64)


@pytest.mark.parametrize("size", [(6, 7), (3, 2)])
def test_gradients_are_true(size):
    x = torch.randn(2, *size, dtype=torch.float64, requires_grad=True)
    y = torch.randn(2, 7, *size, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: undecimated(x, TAPS, 2), x)
    assert torch.autograd.gradcheck(lambda y: undecimated_adjoint(y, TAPS, 2), y)


@pytest.mark.parametrize("size", [(16, 21), (3, 2)])
def test_the_loops_do_what_shifts_do(size):
    x, y = torch.randn(2, *size).double(), torch.randn(2, 10, *size).double()
    assert_close(undecimated(x, TAPS, 3), undecimated_reference(x, TAPS, 3))
    assert_close(undecimated_adjoint(y, TAPS, 3), undecimated_adjoint_reference(y, TAPS, 3))


def test_torch_knows_the_operators():
    x = torch.randn(2, 6, 7, dtype=torch.float64, requires_grad=True)
    torch.library.opcheck(torch.ops.minimand.undecimated.default, (x, TAPS, 2))
    torch.library.opcheck(torch.ops.minimand.undecimated_adjoint.default, (torch.randn(2, 7, 6, 7).double(), TAPS, 2))
