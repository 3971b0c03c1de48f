"""Denoisers in approximate message passing, for compressive measurements: D-AMP, BM3D-AMP, LDAMP."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from minimand.algebra import inner, norm, per_item
from minimand.energy import Energy
from minimand.io import InputError
from minimand.loops import solve
from minimand.operators import Fourier, Identity, Sense
from minimand.reconstruction.admm_net import peak, scaled
from minimand.step import Step
from minimand.term import Term
from minimand.terms import BM3D, Denoiser, LeastSquares

ITERATIONS = 10
NUDGE = 0.1  # of the noise, for differences


class AMP(Step):
    """Approximate message passing on an energy LeastSquares(A, y) + g, where g.prox(r, t) denoises r of variance t.

    With e for the error of an image s that is independent of A, and N pixels,

        r = s + a A^H (y - A s),    a = N / tr A^H A                        has mean error 0 and variance
        tau^2 = ||y - A s||^2 / tr A^H A * tr (I - a A^H A)^2 / N           by the singular values of A;
        x = prox_g(r, tau^2),       s = (x - d r) / (1 - d)                 d = div x / N: Onsager's correction.

    and then to s the grey level that fits y best: constants pass every denoiser whole, so that where A measures the
    mean an error in it would grow by |1 - a| from step to step. Orthonormal rows give tau^2 = (N/m - 1) ||e||^2 / N for
    m of them, not the N/m ||e||^2 / N of the independent entries that AMP was made for. Traces and divergence come from
    one random probe of signs. Source: Metzler, Maleki, Baraniuk (2016), eqs. 5 and 9; Ma and Ping (2017), eqs. 15-25.
    """

    class State(NamedTuple):
        x: Tensor  # denoised image, (batch, *image)
        s: Tensor  # what is new in it

    def init(self, energy: Energy, x: Tensor) -> State:
        if not isinstance(energy.data, LeastSquares):
            raise TypeError(f"AMP needs LeastSquares as data, got {type(energy.data).__name__}; use ProximalGradient.")
        if [type(D) for _, D in energy.priors] != [Identity] or "prox" not in energy.priors[0][0].offers():
            raise TypeError("AMP needs one prior of the image itself, with a prox, to denoise with; use ADMM.")
        return self.State(x, with_level(energy.data, x))

    def forward(self, energy: Energy, s: State) -> State:
        assert isinstance(energy.data, LeastSquares)
        A, y, denoise = energy.data.A, energy.data.y, energy.priors[0][0].prox
        probe = signs(s.s)
        seen, pixels = A.normal(probe), norm(probe).square()
        trace = inner(probe, seen)
        gain = per_item(pixels / trace, probe)
        residual = y - A(s.s)
        r = s.s + gain * A.adjoint(residual)
        variance = norm(residual).square() / trace * norm(probe - gain * seen).square() / pixels
        variance = variance / (2 if r.is_complex() else 1)  # of each part
        x = denoise(r, variance)
        nudge = NUDGE * variance.sqrt().clamp_min(torch.finfo(variance.dtype).tiny)
        moved = denoise(r + per_item(nudge, r) * probe, variance) - x
        divergence = per_item((inner(probe, moved) / (nudge * pixels)).clamp(0, 0.95), x)
        return self.State(x, with_level(energy.data, (x - divergence * r) / (1 - divergence)))


def with_level(data: LeastSquares, x: Tensor) -> Tensor:
    """x with the grey level added that fits the measurements best."""
    image = data.A(torch.ones_like(x))
    return x + per_item(inner(image, data.y - data.A(x)) / norm(image).square(), x)


def signs(like: Tensor) -> Tensor:
    """+1 and -1 at random, the same for every item."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randint(2, like.shape[1:], generator=generator).to(like.device) * 2 - 1
    return drawn.to(like.dtype).expand_as(like)


@torch.no_grad()
def bm3d_amp(data: LeastSquares) -> Tensor:
    """BM3D in approximate message passing.

    For operators that mix all pixels (Hadamard, diffraction); real and complex images. Source: Metzler et al. (2016).
    """
    return passed("bm3d-amp", data, BM3D())


@torch.no_grad()
def ldamp(data: LeastSquares, denoise: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """A learned denoiser in approximate message passing, the same network in every iteration.

    denoise: (images, deviations of their noise (batch,)) -> images, for real and, where the images are, complex ones.
    For measurements as `bm3d_amp`. Source: Metzler, Mousavi, Baraniuk (2017), with one network for all noise in place
    of one for every iteration.
    """
    return passed("ldamp", data, Denoiser(denoise))


def passed(method: str, data: LeastSquares, prior: Term) -> Tensor:
    """The image of message passing with a denoiser, from zero, where the maximum of A^H y is 1."""
    if isinstance(data.A, Fourier | Sense):
        kind, other = ("several coils", "sense-tv") if isinstance(data.A, Sense) else ("k-space", "bm3d-mri")
        raise InputError(f"{method} is for compressive measurements, not for {kind}; use {other}.")
    scale = peak(data.pulled())
    start = torch.zeros_like(data.pulled())
    x: Tensor = solve(AMP(), scaled(data, scale) + prior, start, max_iter=ITERATIONS, tol=0.0).x
    return x * per_item(scale, x)
