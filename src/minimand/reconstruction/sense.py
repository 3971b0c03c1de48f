"""SENSE with total variation or wavelets: regularised least squares for k-space of one coil or several."""

import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

from minimand.algebra import per_item
from minimand.io import InputError
from minimand.loops import solve
from minimand.operators import Fourier, Gradient, Sense
from minimand.reconstruction.admm_net import peak, scaled
from minimand.steps import FISTA, NestedFISTA
from minimand.terms import L21, CycleSpinning, LeastSquares

TV_NOISE, WAVELET_NOISE = 0.2, 0.3  # weights in units of the noise, see docs/decisions.md
FLOOR = 3e-5  # of the weights, in units of the zero-filled maximum: without noise aliasing is still to be removed
OUTER = 0.25  # share of the samples, those of highest frequency, from which the noise is told
ITERATIONS, TV_TOL, WAVELET_TOL = 100, 2e-3, 1e-3
INNER = 3  # dual steps of total variation an iteration


@torch.no_grad()
def sense_tv(data: LeastSquares) -> Tensor:
    """min_x 1/2 ||A x - y||^2 + weight TV(x), the weight a fifth of the noise's standard deviation, by FISTA.

    Isotropic, periodic. Source: Block, Uecker, Frahm (2007); the algorithm: Beck and Teboulle (2009b).
    """
    scale, start, rate = _prepare("sense-tv", data, TV_NOISE)
    energy = scaled(data, scale) + (L21() @ Gradient()).to(start.device)
    step = NestedFISTA(rate, inner=INNER).to(start.device)
    return solve(step, energy, start, max_iter=ITERATIONS, tol=TV_TOL).x * per_item(scale, start)


@torch.no_grad()
def sense_wavelet(data: LeastSquares) -> Tensor:
    """min_x 1/2 ||A x - y||^2 + weight g(x), g the shift-invariant l1 norm of wavelet coefficients, by FISTA.

    The weight is 0.3 of the noise's standard deviation. Source: Lustig, Donoho, Pauly (2007); Murphy et al. (2012).
    """
    scale, start, rate = _prepare("sense-wavelet", data, WAVELET_NOISE)
    energy = scaled(data, scale) + CycleSpinning().to(start.device)
    return solve(FISTA(rate).to(start.device), energy, start, max_iter=ITERATIONS, tol=WAVELET_TOL).x * per_item(
        scale, start
    )


def _prepare(name: str, data: LeastSquares, noise: float) -> tuple[Tensor, Tensor, float]:
    """The weight of every item, by which data are divided, the start there, and the length of a step."""
    if not isinstance(data.A, (Fourier, Sense)):
        raise InputError(f"{name} is for k-space, not for the operator {type(data.A).__name__}; use tv.")
    start = data.pulled()
    weight = torch.maximum(noise * noise_level(data.y, data.A.mask), FLOOR * peak(start))
    bound = data.A.bound if isinstance(data.A, Sense) else 1.0
    return weight, start / per_item(weight, start), 1 / bound


def noise_level(
    y: Complex[Tensor, "batch *coil height width"], mask: Bool[Tensor, "*batch height width"]
) -> Float[Tensor, " batch"]:
    """Standard deviation of the noise in a real or an imaginary part, from the samples of highest frequency.

    The median of their moduli is that of a Rayleigh distribution where little but noise is left out there.
    """
    height, width = mask.shape[-2:]
    rows, columns = (torch.fft.fftfreq(n, dtype=torch.float64, device=y.device) for n in (height, width))
    radius = torch.hypot(rows[:, None], columns)
    levels = []
    for k, item in enumerate(y):
        own = mask if mask.ndim == 2 else mask[k]
        outer = own & (radius >= torch.quantile(radius[own], 1 - OUTER))
        levels.append(item[..., outer].abs().median())
    return torch.stack(levels) / 1.1774  # sqrt(2 ln 2)
