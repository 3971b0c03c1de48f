"""Noise models: what a camera or a scanner adds, drawn with a generator of the caller."""

import torch
from jaxtyping import Float, Num
from torch import Tensor


def gaussian(x: Num[Tensor, "*shape"], sigma: float, generator: torch.Generator | None = None) -> Num[Tensor, "*shape"]:
    """x plus normal noise of standard deviation sigma, not clipped; in both parts each where x is complex."""
    _require_positive("gaussian noise", "sigma", sigma)
    if not x.is_complex():
        return x + sigma * torch.randn(x.shape, dtype=x.dtype, generator=generator)
    real, imaginary = torch.randn(2, *x.shape, dtype=x.real.dtype, generator=generator)
    return x + sigma * torch.complex(real, imaginary)


def rician(
    x: Float[Tensor, "*shape"], sigma: float, generator: torch.Generator | None = None
) -> Float[Tensor, "*shape"]:
    """|x + complex normal noise|: magnitudes of a scan, E[y^2] = x^2 + 2 sigma^2. Source: Gudbjartsson, Patz (1995)."""
    return gaussian(torch.complex(x, torch.zeros_like(x)), sigma, generator).abs()


def poisson(
    x: Float[Tensor, "*shape"], photons: float, generator: torch.Generator | None = None
) -> Float[Tensor, "*shape"]:
    """Counts over `photons`, which is how many a value of 1 has: shot noise, of variance x / photons. x at least 0."""
    _require_positive("poisson noise", "photons", photons)
    if bool((x < 0).any()):
        raise ValueError(f"poisson noise needs values of at least 0, got {float(x.min()):g}.")
    return torch.poisson(photons * x, generator=generator) / photons


def impulse(
    x: Float[Tensor, "*shape"], share: float, low: float = 0.0, high: float = 1.0,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "*shape"]:  # fmt: skip
    """Salt and pepper: each value becomes `low` or `high`, with probability share / 2 each; share from 0 to 1."""
    if not 0 <= share <= 1:
        raise ValueError(f"impulse noise needs a share from 0 to 1, got {share:g}.")
    chance = torch.rand(x.shape, dtype=x.dtype, generator=generator)
    return torch.where(chance < share / 2, low, torch.where(chance > 1 - share / 2, high, x))


def _require_positive(what: str, name: str, value: float) -> None:
    if not 0 < value < float("inf"):
        raise ValueError(f"{what} needs a positive and finite {name}, got {value:g}.")
