"""BM3D-MRI: what was measured and BM3D by turns, with less and less noise to take away."""

import torch
from torch import Tensor

from minimand.algebra import per_item
from minimand.reconstruction.admm_net import peak, scaled
from minimand.reconstruction.classical.acquired import require_kspace
from minimand.reconstruction.classical.energies import tv
from minimand.terms import BM3D, LeastSquares

ITERATIONS = 25
FIRST, LAST = 0.07, 0.005  # deviation of the noise that BM3D takes away
TRUST = 1e3  # nu: how much more a sample counts than the denoised image


@torch.no_grad()
def bm3d_mri(data: LeastSquares, first: float = FIRST, last: float = LAST) -> Tensor:
    """x <- BM3D of x, then F x <- (F x + nu y) / (1 + nu) where y was measured, so many times.

    first, last: deviation of the noise that is taken away, falling geometrically, in units of the zero-filled image's
    maximum, so that scaling y scales x. Starts from total variation: zero-filled images have streaks that BM3D takes
    for structure. Source: Eksioglu (2016), algorithm 1, with a falling deviation in place of excitation noise.
    """
    require_kspace("bm3d-mri", data)
    scale = peak(data.pulled())
    term, x, prior = scaled(data, scale), tv(data) / per_item(scale, data.pulled()), BM3D()
    for k in range(ITERATIONS):
        sigma = first * (last / first) ** (k / (ITERATIONS - 1))
        x = term.prox(prior.prox(x, sigma**2), TRUST)
    return x * per_item(scale, x)
