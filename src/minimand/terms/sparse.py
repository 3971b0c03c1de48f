"""Norms that make sparse, and their shrinkages."""

import torch
from jaxtyping import Num, Shaped
from torch import Tensor

from minimand.term import Term


def soft_threshold(x: Num[Tensor, "*shape"], t: Tensor | float) -> Num[Tensor, "*shape"]:
    """Shrink the modulus of every entry by `t` and keep its phase: the prox of `t * ||.||_1`.

    `t` is in the units of `x` and broadcasts against it; x is real or complex; the derivative at 0 is 0.
    Source: Parikh and Boyd (2014), sec. 6.5.2, with the phase in place of the sign.
    """
    if not x.is_complex():
        bound = torch.as_tensor(t, dtype=x.dtype, device=x.device)
        return x - torch.clamp(x, -bound, bound)
    length = _positive(_square(x)).sqrt()  # some times faster than abs and sgn of complex numbers
    return x * ((length - t).clamp_min(0) / length)


class L1(Term):
    """||x||_1, the sum of moduli."""

    def forward(self, x: Shaped[Tensor, "batch *shape"]) -> Shaped[Tensor, " batch"]:
        return x.abs().flatten(1).sum(1)

    def prox(self, v: Tensor, t: Tensor | float) -> Tensor:
        return soft_threshold(v, t)

    @classmethod
    def specimens(cls) -> list["L1"]:
        return [cls()]


class L21(Term):
    """Sum over pixels of the Euclidean norm along axis 1: of a gradient, the isotropic total variation.

    (batch, channels, *image). Source: Rudin, Osher, Fatemi (1992); prox: Parikh and Boyd (2014), sec. 6.5.4.
    """

    def forward(self, x: Shaped[Tensor, "batch channels *shape"]) -> Shaped[Tensor, " batch"]:
        square = _square(x).sum(1)
        return torch.where(square > 0, _positive(square).sqrt(), 0).flatten(1).sum(1)  # with the gradient 0 at 0

    def prox(self, v: Tensor, t: Tensor | float) -> Tensor:
        length = _positive(_square(v).sum(1, keepdim=True)).sqrt()
        if isinstance(t, Tensor) and t.ndim and torch.broadcast_shapes(t.shape, length.shape) != length.shape:
            raise ValueError(
                f"L21 couples the channels of a pixel and takes one t for all of them, got {tuple(t.shape)} for v of "
                f"shape {tuple(v.shape)}; give ADMM one rho, or use L1."
            )
        return v * ((length - t).clamp_min(0) / length)

    @classmethod
    def specimens(cls) -> list["L21"]:
        return [cls()]


class SquaredL2(Term):
    """1/2 ||x||^2: Tikhonov's prior, ridge regression."""

    def forward(self, x: Shaped[Tensor, "batch *shape"]) -> Shaped[Tensor, " batch"]:
        return 0.5 * _square(x).flatten(1).sum(1)

    def grad(self, x: Tensor) -> Tensor:
        return x

    def prox(self, v: Tensor, t: Tensor | float) -> Tensor:
        return v / (1 + t)

    @classmethod
    def specimens(cls) -> list["SquaredL2"]:
        return [cls()]


def _square(x: Tensor) -> Tensor:
    """Squared modulus of every entry."""
    return x.real.square() + x.imag.square() if x.is_complex() else x.square()


def _positive(square: Tensor) -> Tensor:
    """At least the smallest normal number, so that a root has a gradient and can be divided by."""
    return square.clamp_min(torch.finfo(square.dtype).tiny)
