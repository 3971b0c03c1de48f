"""Sparse gradients, sparse wavelet coefficients or both: TV, RecPF and SIDWT for k-space of one coil.

Weights are in units of the zero-filled image's maximum, so that scaling y scales x.
"""

import torch
from torch import Tensor

from minimand.operators import Gradient, UndecimatedWavelet, Wavelet
from minimand.reconstruction.classical.acquired import minimised, require_kspace
from minimand.steps import ADMM
from minimand.terms import L1, L21, LeastSquares

# Energies come to within 1e-4 of their minima; rho from 0.01 to 0.4 tried on a phantom.
RHO, RELAX = 0.02, 1.618  # the multiplier step of Yang, Zhang, Yin (2010), sec. 2.3, just below the golden ratio
ITERATIONS, TOL = 200, 2e-4


@torch.no_grad()
def tv(data: LeastSquares, weight: float = 1e-3) -> Tensor:
    """min_x 1/2 ||A x - y||^2 + weight TV(x) by ADMM. Isotropic, periodic.

    Source: Lustig, Donoho, Pauly (2007), by the steps of Boyd et al. (2011).
    """
    require_kspace("tv", data)
    return minimised(data, weight * (L21() @ Gradient()), ADMM(RHO, RELAX), max_iter=ITERATIONS, tol=TOL)


@torch.no_grad()
def recpf(data: LeastSquares, weight: float = 6e-4, wavelet: float = 2.7e-4) -> Tensor:
    """min_x 1/2 ||A x - y||^2 + weight TV(x) + wavelet ||W x||_1 by ADMM, W an orthonormal wavelet basis.

    Source: Yang, Zhang, Yin (2010), eq. (1.4) and algorithm 1.
    """
    require_kspace("recpf", data)
    prior = weight * (L21() @ Gradient()), wavelet * (L1() @ Wavelet("db2", 4))
    # at TOL itself rounding decides when it stops, and other units end 2.5e-4 apart
    return minimised(data, prior, ADMM(RHO, RELAX), max_iter=ITERATIONS, tol=TOL / 2)


@torch.no_grad()
def sidwt(data: LeastSquares, weight: float = 2e-4) -> Tensor:
    """min_x 1/2 ||A x - y||^2 + weight ||W x||_1 by ADMM, W an undecimated Daubechies frame (shift-invariant).

    Source: Baker, King, Liu (2011); the frame: Coifman and Donoho (1995).
    """
    require_kspace("sidwt", data)
    return minimised(
        data, weight * (L1() @ UndecimatedWavelet("db2", 4)), ADMM(RHO, RELAX), max_iter=ITERATIONS, tol=TOL
    )
