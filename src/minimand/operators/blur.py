"""Blur: circular convolution with a known kernel."""

import torch
from jaxtyping import Complex, Float, Num
from torch import Tensor

from minimand.operator import Operator


class Blur(Operator):
    """Circular convolution with a real kernel, (batch, height, width) to the same. Diagonal in Fourier space.

    kernel: odd sides, its middle at the pixel that is blurred. Raises ValueError for even sides and for images smaller
    than the kernel.
    """

    kernel: Tensor

    def __init__(self, kernel: Float[Tensor, "rows columns"]):
        super().__init__()
        if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
            raise ValueError(f"Blur needs a kernel with odd sides, got {tuple(kernel.shape)}; pad it with zeros.")
        self.register_buffer("kernel", kernel)

    def forward(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch height width"]:
        return self._filter(x, conjugate=False)

    def adjoint(self, y: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch height width"]:
        return self._filter(y, conjugate=True)

    def symbol(self, size: tuple[int, int], *, half: bool = False, weight: Tensor | float = 1.0) -> Tensor | None:
        if isinstance(weight, Tensor) and weight.numel() > 1:
            return None
        power = self._response(size, half=half).abs().square()
        return (weight.reshape(()) if isinstance(weight, Tensor) else weight) * power

    def _filter(self, x: Tensor, conjugate: bool) -> Tensor:
        response = self._response((x.shape[-2], x.shape[-1]), half=not x.is_complex()).to(
            torch.complex128 if x.real.dtype == torch.float64 else torch.complex64
        )
        response = response.conj() if conjugate else response
        if x.is_complex():
            return torch.fft.ifft2(response * torch.fft.fft2(x))
        return torch.fft.irfft2(response * torch.fft.rfft2(x), s=x.shape[-2:])

    def _response(self, size: tuple[int, int], half: bool) -> Complex[Tensor, "height kept"]:
        rows, columns = self.kernel.shape
        if rows > size[0] or columns > size[1]:
            raise ValueError(
                f"Blur with a kernel of {rows}x{columns} needs images of at least this size, got {size[0]}x{size[1]}; "
                "use a smaller kernel."
            )
        padded = torch.nn.functional.pad(self.kernel, (0, size[1] - columns, 0, size[0] - rows))
        padded = padded.roll((-(rows // 2), -(columns // 2)), (0, 1))
        return torch.fft.rfft2(padded) if half else torch.fft.fft2(padded)

    @classmethod
    def specimens(cls) -> list["Blur"]:
        generator = torch.Generator().manual_seed(0)
        return [cls(torch.randn(3, 5, generator=generator)), cls(gaussian_kernel(0.8, 5))]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x, y = torch.randn(2, batch, 7, 6, dtype=torch.complex128, generator=generator)
        return x, y


def gaussian_kernel(sigma: float, size: int) -> Float[Tensor, "size size"]:
    """A Gaussian of standard deviation `sigma` pixels on size x size points, with sum 1."""
    if not sigma > 0:
        raise ValueError(f"a Gaussian kernel needs a positive sigma, got {sigma:g}.")
    offset = torch.arange(size, dtype=torch.get_default_dtype()) - size // 2
    line = torch.exp(-0.5 * (offset / sigma) ** 2)
    return torch.outer(line, line) / line.sum() ** 2


def motion_kernel(length: float, angle: float, size: int) -> Float[Tensor, "size size"]:
    """A line of `length` pixels through the middle at `angle` degrees (0: along a row, 90: upwards), with sum 1.

    Each pixel has the part of the line nearest to it, by fine sampling. Raises ValueError for a line that does not fit.
    """
    if not 0 < length <= size:
        raise ValueError(f"a motion of {length:g} pixels does not fit a kernel of size {size}.")
    along = ((torch.arange(64 * size, dtype=torch.float64) + 0.5) / (64 * size) - 0.5) * length
    turn = torch.tensor(angle, dtype=torch.float64).deg2rad()
    row, column = ((size // 2 + offset).round().long() for offset in (-along * turn.sin(), along * turn.cos()))
    inside = (row >= 0) & (row < size) & (column >= 0) & (column < size)
    flat = torch.bincount(row[inside] * size + column[inside], minlength=size * size)
    return (flat / flat.sum()).reshape(size, size).to(torch.get_default_dtype())
