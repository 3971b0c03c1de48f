"""The filter bank beyond the laws."""

import pytest
import torch
from torch.testing import assert_close

from minimand.operators import Convolution
from minimand.operators.convolution import cosine_filters


def test_cosine_filters_are_orthonormal_and_have_mean_zero():
    for size in (3, 5):
        filters = cosine_filters(size).flatten(1)
        assert filters.shape == (size**2 - 1, size**2)
        assert_close(filters @ filters.T, torch.eye(size**2 - 1), atol=1e-6, rtol=0)
        assert filters.sum(1).abs().max() < 1e-6


def test_the_first_filter_differs_down_the_rows_as_the_authors_store_it():
    """Row 2 of C kron C reshaped column by column: the cosine runs along the first axis of the image."""
    first = cosine_filters(3)[0]
    assert_close(first[:, 0], torch.tensor([1.0, 0.0, -1.0]) / 6**0.5, atol=1e-6, rtol=0)
    assert_close(first, first[:, :1].expand(3, 3), atol=1e-6, rtol=0)


@pytest.mark.parametrize("size", [(8, 8), (7, 6), (5, 9), (3, 3)])
def test_it_is_the_product_in_fourier_space(size):
    D, x = Convolution(8, 3).double(), torch.randn(2, *size, dtype=torch.complex128)
    padded = torch.zeros(8, *size, dtype=torch.float64)
    padded[:, :3, :3] = D.filters.detach()
    response = torch.fft.fft2(padded.roll((-1, -1), (-2, -1)))
    assert_close(D(x).detach(), torch.fft.ifft2(response * torch.fft.fft2(x)[:, None]))


def test_both_bases_are_born_alike():
    assert_close(Convolution(5, 3, basis="free").filters, Convolution(5, 3).filters)
    assert Convolution(5, 3, basis="free").coefficients.shape == (9, 5)


@pytest.mark.parametrize(("channels", "size"), [(0, 3), (9, 3), (8, 4), (1, 1)])
def test_filters_that_cannot_be_are_refused(channels, size):
    with pytest.raises(ValueError, match="size"):
        Convolution(channels, size)


def test_the_symbol_has_the_gradient_of_the_filters():
    D, rho = Convolution(8, 3).double(), torch.rand(8, dtype=torch.float64, requires_grad=True)

    def symbol(coefficients, rho):
        return torch.func.functional_call(Symbol(D), {"D.coefficients": coefficients}, (rho,))

    assert torch.autograd.gradcheck(symbol, (D.coefficients.detach().requires_grad_(), rho))


class Symbol(torch.nn.Module):
    """The symbol as a function of the filters."""

    def __init__(self, D):
        super().__init__()
        self.D = D

    def forward(self, rho):
        return self.D.symbol((5, 6), half=True, weight=rho)
