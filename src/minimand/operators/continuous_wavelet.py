"""Continuous wavelets: Morlet, Meyer and the derivatives of a Gaussian, and the transform that they make.

Each is given by its spectrum, int psi(t) exp(-i w t) dt, with zero mean (admissible) and int |psi|^2 dt = 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Complex, Float, Num, Shaped
from torch import Tensor

from minimand.operator import Operator


@runtime_checkable
class MotherWavelet(Protocol):
    """What the transform asks of a wavelet."""

    def spectrum(self, w: Float[Tensor, "*shape"]) -> Complex[Tensor, "*shape"]:
        """The Fourier transform at the angular frequencies w."""


@dataclass(frozen=True)
class Morlet:
    """c pi^(-1/4) (exp(i w0 t) - exp(-w0^2 / 2)) exp(-t^2 / 2), c making the norm 1: a wave in a Gaussian."""

    w0: float = 5.0

    def __call__(self, t: Float[Tensor, "*shape"]) -> Complex[Tensor, "*shape"]:
        wave = torch.polar(torch.ones_like(t), self.w0 * t) - math.exp(-(self.w0**2) / 2)
        return self._scale() * wave * torch.exp(-0.5 * t.square())

    def spectrum(self, w: Float[Tensor, "*shape"]) -> Complex[Tensor, "*shape"]:
        lobe = torch.exp(-0.5 * (w - self.w0).square()) - torch.exp(-0.5 * (w.square() + self.w0**2))
        return torch.complex(self._scale() * math.sqrt(2 * math.pi) * lobe, torch.zeros_like(w))

    def _scale(self) -> float:
        return (math.sqrt(math.pi) * (1 + math.exp(-(self.w0**2)) - 2 * math.exp(-0.75 * self.w0**2))) ** -0.5


@dataclass(frozen=True)
class GaussianDerivative:
    """(-1)^(n+1) d^n/dt^n exp(-t^2 / 2) over sqrt(Gamma(n + 1/2)); n = 2 is the Mexican hat. Source: Torrence and Compo
    (1998), table 1. Raises ValueError for n below 1.
    """

    n: int = 2

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"GaussianDerivative needs n of at least 1, got {self.n}.")

    def __call__(self, t: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        before, hermite = torch.zeros_like(t), torch.ones_like(t)
        for k in range(self.n):
            before, hermite = hermite, t * hermite - k * before
        return -hermite * torch.exp(-0.5 * t.square()) / self._norm()

    def spectrum(self, w: Float[Tensor, "*shape"]) -> Complex[Tensor, "*shape"]:
        size = w**self.n * torch.exp(-0.5 * w.square()) * math.sqrt(2 * math.pi) / self._norm()
        return -((-1j) ** self.n) * torch.complex(size, torch.zeros_like(w))

    def _norm(self) -> float:
        return math.sqrt(math.gamma(self.n + 0.5))


@dataclass(frozen=True)
class Meyer:
    """exp(i w / 2) times a window on 2 pi / 3 < |w| < 8 pi / 3 with smooth flanks: orthonormal in its dyadic scales.

    Source: Daubechies (1992), eq. 4.2.3, with nu(a) = a^4 (35 - 84 a + 70 a^2 - 20 a^3).
    """

    def spectrum(self, w: Float[Tensor, "*shape"]) -> Complex[Tensor, "*shape"]:
        size = w.abs()
        rise = torch.sin(0.5 * math.pi * _nu(1.5 * size / math.pi - 1))
        fall = torch.cos(0.5 * math.pi * _nu(0.75 * size / math.pi - 1))
        inside = (size > 2 * math.pi / 3) & (size < 8 * math.pi / 3)
        window = torch.where(size < 4 * math.pi / 3, rise, fall) * inside
        return torch.polar(window, 0.5 * w)

    def __call__(self, t: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """By the integral over the spectrum, whose ends are flat, so that equal weights are enough."""
        w = torch.linspace(0, 8 * math.pi / 3, 2049, dtype=t.dtype)
        spectrum = self.spectrum(w)
        return (torch.cos(w * t[..., None] + 0.5 * w) * spectrum.abs()).sum(-1) * (w[1] / math.pi)


class ContinuousWavelet(Operator):
    """Inner products with the wavelet at every place and at several scales, (batch, length) to (batch, scales, length).

    W(a, b) = a^(-1/2) int x(t) conj(psi((t - b) / a)) dt for samples of spacing 1 that go on periodically, by FFT.
    scales: a, positive, in samples. Complex coefficients. Raises ValueError for scales that are not positive.
    Source: Daubechies (1992), eq. 2.4.1.
    """

    scales: Tensor

    def __init__(self, wavelet: MotherWavelet, scales: Sequence[float]):
        super().__init__()
        if not scales or min(scales) <= 0:
            raise ValueError(f"ContinuousWavelet needs positive scales, got {list(scales)}.")
        self.wavelet = wavelet
        self.register_buffer("scales", torch.tensor(scales, dtype=torch.float64), persistent=False)

    def forward(self, x: Num[Tensor, "batch length"]) -> Complex[Tensor, "batch scales length"]:
        return torch.fft.ifft(torch.fft.fft(x)[:, None] * self._response(x).conj())

    def adjoint(self, y: Complex[Tensor, "batch scales length"]) -> Complex[Tensor, "batch length"]:
        return torch.fft.ifft((torch.fft.fft(y) * self._response(y)).sum(1))

    def _response(self, like: Shaped[Tensor, "batch *axes length"]) -> Complex[Tensor, "scales length"]:
        w = 2 * math.pi * torch.fft.fftfreq(like.shape[-1], dtype=torch.float64, device=like.device)
        scales = self.scales.to(w)[:, None]
        response = scales.sqrt() * self.wavelet.spectrum(scales * w)
        return response.to(torch.complex128 if like.real.dtype == torch.float64 else torch.complex64)

    @classmethod
    def specimens(cls) -> list["ContinuousWavelet"]:
        scales = (1.0, 1.5, 4.0)
        return [cls(Morlet(), scales), cls(GaussianDerivative(3), scales), cls(Meyer(), scales)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return (
            torch.randn(batch, 13, dtype=torch.complex128, generator=generator),
            torch.randn(batch, len(self.scales), 13, dtype=torch.complex128, generator=generator),
        )


def _nu(a: Tensor) -> Tensor:
    """From 0 at 0 to 1 at 1, with three derivatives that are 0 at the ends; nu(a) + nu(1 - a) = 1."""
    a = a.clamp(0, 1)
    return a**4 * (35 - 84 * a + 70 * a**2 - 20 * a**3)
