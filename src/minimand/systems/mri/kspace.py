"""K-space as a data term, and whether it is that of real images."""

import torch
from torch import Tensor

from minimand.io.room import parts
from minimand.operators import Fourier, Sense
from minimand.operators.fourier import mirror
from minimand.terms import LeastSquares

TOL, MOST = 1e-3, 20
SYMMETRY = 1e-4  # relative difference of y(-k) and conj y(k) below which an image counts as real


def data_term(kspace: Tensor, mask: Tensor, real: bool, maps: Tensor | None = None) -> LeastSquares:
    """1/2 ||M F x - y||^2 of a batch of slices, or 1/2 sum_c ||M F S_c x - y_c||^2.

    kspace: (slices, height, width) or (slices, coils, height, width), complex, unitary scaling, zero frequency at
    [0, 0], any units. mask: bool, (height, width) or one a slice. maps: of the coils, (1 or slices, coils, height,
    width). Conjugate gradients, where a method needs them, stop at TOL: it calls them once an iteration.
    """
    if maps is None:
        return LeastSquares(Fourier(mask, real=real), kspace)
    return LeastSquares(Sense(mask, maps), kspace, tol=TOL, max_iter=MOST)


def is_real(kspace: Tensor, mask: Tensor) -> bool:
    """Whether y(-k) = conj y(k) wherever both were sampled (a tenth of the samples at least): images without phase.

    kspace: (slices, height, width).
    """
    both = mask & mirror(mask)
    if both.sum() < 0.1 * mask.sum():
        return False
    apart = whole = 0.0
    for part in parts(kspace.numpy()):  # in double precision: squares of very large and very small numbers
        y, own = kspace[part].to(torch.complex128), both if both.ndim == 2 else both[part]
        apart += float(torch.where(own, y - mirror(y).conj(), 0).norm() ** 2)
        whole += float(torch.where(own, y, 0).norm() ** 2)
    return apart <= SYMMETRY**2 * whole
