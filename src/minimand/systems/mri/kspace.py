"""K-space as a data term, and whether it is that of real images."""

import torch
from torch import Tensor

from minimand.operators import Fourier
from minimand.terms import LeastSquares

SYMMETRY = 1e-4  # relative difference of y(-k) and conj y(k) below which an image counts as real


def data_term(kspace: Tensor, mask: Tensor, real: bool) -> LeastSquares:
    """1/2 ||M F x - y||^2 of a batch of slices.

    kspace: (slices, height, width), complex, unitary scaling, zero frequency at [0, 0], any units. mask: bool, (height,
    width) or one a slice.
    """
    return LeastSquares(Fourier(mask, real=real), kspace)


def is_real(kspace: Tensor, mask: Tensor) -> bool:
    """Whether y(-k) = conj y(k) wherever both were sampled (a tenth of the samples at least): images without phase."""
    mirrored, both = _mirror(kspace).conj(), mask & _mirror(mask)
    if both.sum() < 0.1 * mask.sum():
        return False
    largest = kspace.abs().max()  # squares of very large and very small numbers leave single precision
    kspace, mirrored = kspace / largest, mirrored / largest
    difference, size = (torch.where(both, part, 0).norm() for part in (kspace - mirrored, kspace))
    return bool(difference <= SYMMETRY * size)


def _mirror(x: Tensor) -> Tensor:
    """The value at -k for every frequency k."""
    return x.flip((-2, -1)).roll((1, 1), (-2, -1))
