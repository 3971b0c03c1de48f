"""Wavelet transforms: an orthonormal basis and an undecimated tight frame, both periodic."""

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Num
from torch import Tensor

from minimand.algebra import on_parts
from minimand.kernels.undecimated_wavelet import undecimated, undecimated_adjoint
from minimand.operator import Operator, constant_symbol


class Wavelet(Operator):
    """Orthonormal periodic wavelet transform; coefficients lie in Mallat's layout, shaped like the image.

    name: an orthogonal wavelet of PyWavelets ("haar", "db4", "sym4", ...). levels: each halves the approximation; the
    last row or column of an odd number joins the next approximation as it is. Source: Mallat (2009), sec. 7.3.1 and
    7.7.
    """

    tight = 1.0
    coisometry = 1.0

    def __init__(self, name: str = "db4", levels: int = 3):
        super().__init__()
        self.name, self.levels = name, levels
        _filters(name)

    def forward(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch height width"]:
        for height, width in self._sizes(x):
            rows, columns = (_analysis(self.name, n).to(x) for n in (height, width))
            x = _replace(x, rows @ x[..., :height, :width] @ columns.mT)
        return x

    def adjoint(self, y: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch height width"]:
        for height, width in reversed(self._sizes(y)):
            rows, columns = (_analysis(self.name, n).to(y) for n in (height, width))
            y = _replace(y, rows.mT @ y[..., :height, :width] @ columns)
        return y

    def _sizes(self, x: Tensor) -> list[tuple[int, int]]:
        """Height and width of the approximation that each level transforms."""
        height, width = x.shape[-2:]
        return [(-(-height // 2**level), -(-width // 2**level)) for level in range(self.levels)]

    def symbol(self, size: tuple[int, int], *, half: bool = False, weight: Tensor | float = 1.0) -> Tensor | None:
        return constant_symbol(size, half, weight)

    @classmethod
    def specimens(cls) -> list["Wavelet"]:
        return [cls("haar", 2), cls("db4", 1)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x, y = torch.randn(2, batch, 8, 11, dtype=torch.complex128, generator=generator)
        return x, y


class UndecimatedWavelet(Operator):
    """Undecimated (shift-invariant) wavelet tight frame, W^H W = I, for images of any size.

    (batch, height, width) to (batch, 3 levels + 1, height, width): three details a level, finest first, then the
    approximation. Filters are those of the orthogonal wavelet over sqrt(2), dilated by 2^level; applied by compiled
    loops on a CPU, else by FFT. Source: Mallat (2009), sec. 5.2.2.
    """

    tight = 1.0

    def __init__(self, name: str = "db2", levels: int = 3):
        super().__init__()
        self.name, self.levels = name, levels
        _filters(name)

    def forward(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch channels height width"]:
        if x.device.type == "cpu":
            return on_parts(lambda part: undecimated(part, self._taps(part), self.levels), x)
        bank = self._bank(x)
        y = torch.fft.ifft2(bank * torch.fft.fft2(x).unsqueeze(1))
        return y if x.is_complex() else y.real

    def adjoint(self, y: Num[Tensor, "batch channels height width"]) -> Num[Tensor, "batch height width"]:
        if y.device.type == "cpu":
            return on_parts(lambda part: undecimated_adjoint(part, self._taps(part), self.levels), y)
        bank = self._bank(y)
        x = torch.fft.ifft2((bank.conj() * torch.fft.fft2(y)).sum(1))
        return x if y.is_complex() else x.real

    def _taps(self, x: Tensor) -> Tensor:
        """Both filters, (2, taps)."""
        return torch.from_numpy(np.stack(_filters(self.name)) / 2**0.5).to(x.dtype)

    def _bank(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        dtype = torch.complex128 if x.dtype in (torch.float64, torch.complex128) else torch.complex64
        return _frame(self.name, self.levels, height, width).to(device=x.device, dtype=dtype)

    def symbol(self, size: tuple[int, int], *, half: bool = False, weight: Tensor | float = 1.0) -> Tensor | None:
        return constant_symbol(size, half, weight)

    @classmethod
    def specimens(cls) -> list["UndecimatedWavelet"]:
        return [cls("db2", 2), cls("haar", 1)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        channels = 3 * self.levels + 1
        return (
            torch.randn(batch, 7, 9, dtype=torch.complex128, generator=generator),
            torch.randn(batch, channels, 7, 9, dtype=torch.complex128, generator=generator),
        )


@lru_cache(maxsize=64)
def _filters(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Low-pass and high-pass filter of an orthogonal wavelet, orthonormal to their even shifts."""
    import pywt

    if name not in pywt.wavelist(kind="discrete") or not pywt.Wavelet(name).orthogonal:
        raise ValueError(f"{name!r} is no orthogonal wavelet of PyWavelets; try haar, db4 or sym4.")
    wavelet = pywt.Wavelet(name)
    return np.asarray(wavelet.rec_lo), np.asarray(wavelet.rec_hi)


@lru_cache(maxsize=64)
def _analysis(name: str, length: int) -> Tensor:
    """One periodic analysis level as an orthonormal matrix, (length, length): approximation above details."""
    matrix, even = np.zeros((length, length)), length - length % 2
    for first, taps in zip((0, length - even // 2), _filters(name), strict=True):
        for i in range(even // 2):
            np.add.at(matrix[first + i], (2 * i + np.arange(len(taps))) % even, taps)
    if length > even:
        matrix[even // 2, even] = 1
    return torch.from_numpy(matrix)


@lru_cache(maxsize=16)
def _frame(name: str, levels: int, height: int, width: int) -> Tensor:
    """Transfer functions of the undecimated frame, (3 levels + 1, height, width), complex128."""

    def response(taps: np.ndarray, dilation: int, length: int) -> Tensor:
        phase = torch.outer(torch.fft.fftfreq(length, dtype=torch.float64), dilation * torch.arange(len(taps)).double())
        return torch.exp(-2j * torch.pi * phase) @ (torch.from_numpy(taps) / 2**0.5).to(torch.complex128)

    bands, rest = [], torch.ones(height, width, dtype=torch.complex128)
    for level in range(levels):
        low, high = ([response(f, 2**level, n) for n in (height, width)] for f in _filters(name))
        bands += [rest * torch.outer(a, b) for a, b in [(low[0], high[1]), (high[0], low[1]), (high[0], high[1])]]
        rest = rest * torch.outer(low[0], low[1])
    return torch.stack([*bands, rest])


def _replace(x: Tensor, corner: Tensor) -> Tensor:
    """x with its leading corner exchanged, not in place."""
    height, width = corner.shape[-2:]
    if corner.shape == x.shape:
        return corner
    top = torch.cat([corner, x[..., :height, width:]], dim=-1)
    return torch.cat([top, x[..., height:, :]], dim=-2)


def haar_basis(n: int) -> Tensor:
    """The orthonormal Haar wavelets on n = 2^k points, a row each, the constant first; double precision."""
    basis = torch.ones(1, 1, dtype=torch.float64)
    while len(basis) < n:
        eye = torch.eye(len(basis), dtype=torch.float64)
        coarse = torch.kron(basis, torch.tensor([[1.0, 1.0]], dtype=torch.float64))
        basis = torch.cat([coarse, torch.kron(eye, torch.tensor([[1.0, -1.0]], dtype=torch.float64))]) / 2**0.5
    return basis
