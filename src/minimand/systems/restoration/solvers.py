"""One picture restored: the degradation as a data term, a frozen denoiser or total variation as the prior.

min_x 1/2 ||A x - y||^2 + weight R(x) by ADMM. With a denoiser, R is known by its prox alone, which takes away noise of
a level that is ours to choose: rho = weight / level^2 (Venkatakrishnan, Bouman, Wohlberg 2013; Meinhardt et al. 2017).
All numbers are in grey levels where white is 255.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from minimand.algebra import per_item
from minimand.loops import solve
from minimand.operator import Identity, Operator
from minimand.operators import Gradient, Mosaic, Opponent
from minimand.reconstruction.denoisers import Denoise, reflected
from minimand.steps import ADMM
from minimand.systems.restoration.degradations import Degradation
from minimand.terms import L21, Denoiser, LeastSquares

Planes = Float[Tensor, "batch *colours height width"]  # grey ones; of mosaics (batch, 3, height, width)

# All chosen on crops 361..366 of train400 (blur, masks) and on three free pictures (mosaic).
SHARE = 0.5  # weight of a denoiser over the variance of the noise
BLURRED = 5.0  # level over the root of the noise, where pictures are blurred
MISSING = 10.0  # level at the end where pixels are missing
COARSE = (60.0, 40.0, 25.0, 15.0)  # levels before that, to fill what is missing from far away
TV_BLURRED, TV_MISSING = 0.11, 0.5  # weight of total variation over the noise
ITERATIONS, TV_ITERATIONS, TOL = 30, 400, 1e-4
CG_TOL, CG_ITERATIONS = 1e-4, 50  # of the systems that have no closed form


def plugged(A: Operator, y: Tensor, start: Planes, sigma: float, denoise: Denoise, what: Degradation) -> Planes:
    """The picture that a frozen denoiser finds most likely, A x = y up to noise sigma; start: where to begin."""
    data = LeastSquares(A, y, tol=CG_TOL, max_iter=CG_ITERATIONS)
    weight = SHARE * sigma**2
    prior = weight * Denoiser(denoise)
    if isinstance(A, Mosaic):
        prior = prior @ Opponent()
    level = max(sigma, MISSING if what.kernel is None else BLURRED * sigma**0.5)
    x = start
    for coarse in COARSE if what.known is not None else ():
        x = solve(ADMM(weight / coarse**2), data + prior, x, max_iter=5, tol=0.0).x
    return solve(ADMM(weight / level**2), data + prior, x, max_iter=ITERATIONS, tol=TOL).x


def smooth(A: Operator, y: Tensor, start: Planes, sigma: float, what: Degradation) -> Planes:
    """The picture of least 1/2 ||A x - y||^2 + weight TV(x); of mosaics, TV is that of luminance and colour differences
    apart.
    """
    data = LeastSquares(A, y, tol=CG_TOL, max_iter=CG_ITERATIONS)
    if isinstance(A, Mosaic):
        energy = data + TV_MISSING * sigma * (Denoiser(flattened) @ Opponent())
        return solve(ADMM(TV_MISSING * sigma / MISSING), energy, start, max_iter=ITERATIONS, tol=TOL).x
    weight, rho = (TV_MISSING, 0.05) if what.kernel is None else (TV_BLURRED, 0.1)
    energy = data + weight * sigma * (L21() @ Gradient())
    return solve(ADMM(rho), energy, start, max_iter=TV_ITERATIONS, tol=TOL).x


def flattened(v: Float[Tensor, "batch *planes height width"], sigma: Float[Tensor, " batch"]) -> Tensor:
    """The prox of total variation, sigma^2 TV, plane by plane."""
    planes = v.flatten(0, -3)
    weight = per_item(sigma.square().repeat_interleave(len(planes) // len(v)), planes)
    energy = LeastSquares(Identity(), planes / weight) + 1.0 * (L21() @ Gradient())
    return (weight * solve(ADMM(1.0), energy, planes / weight, max_iter=50, tol=1e-3).x).reshape(v.shape)


def begin(A: Operator, y: Tensor, what: Degradation, periodic: bool) -> tuple[Tensor, Tensor]:
    """The measurement as A has it, and the picture to start from."""
    if isinstance(A, Mosaic):
        return y, interpolated(A, y)
    if what.known is not None:
        mean = (y * what.known).sum((-2, -1), keepdim=True) / what.known.sum()
        return y * what.known, torch.where(what.known, y, mean)
    if periodic:
        return y, y
    down, across = what.edge
    return F.pad(y, (across, across, down, down)), framed(y, (down, across))


def framed(y: Planes, edge: Sequence[int]) -> Float[Tensor, "batch *colours rows columns"]:
    """The picture with its mirror image as an edge of so many rows and columns."""
    most = max(edge)
    wide = reflected(y, most)
    rows, columns = (slice(most - n, side - most + n) for n, side in zip(edge, wide.shape[-2:]))
    return wide[..., rows, columns]


def interpolated(A: Mosaic, y: Float[Tensor, "batch height width"]) -> Float[Tensor, "batch 3 height width"]:
    """Each colour in the mean of its nearest known pixels, weighted 4, 2 and 1."""
    known = A.filters((y.shape[-2], y.shape[-1])).to(y)[None]
    line = torch.tensor([1.0, 2.0, 1.0]).to(y)
    near = torch.outer(line, line).expand(3, 1, 3, 3)
    weight = F.conv2d(known, near, padding=1, groups=3)
    return F.conv2d(known * y.unsqueeze(1), near, padding=1, groups=3) / weight.clamp_min(1)
