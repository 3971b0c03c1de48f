"""A bank of learned filters."""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Num
from torch import Tensor, nn

from minimand.algebra import on_parts
from minimand.kernels.filter_bank import analysis, synthesis
from minimand.operator import Operator


class Convolution(Operator):
    """Circular convolution with real filters, (batch, height, width) to (batch, channels, height, width).

    Each filter is a combination of a basis: "dct", the cosines without the constant (filters of mean zero), or
    "free", every pixel for itself. Both start from the first `channels` cosine filters. size: odd, in pixels. The
    filters act on real and imaginary part alike. Raises ValueError for more channels than cosines. Source: Yang et
    al. (2016), sec. 3.
    """

    basis: Tensor

    def __init__(self, channels: int, size: int, *, basis: Literal["dct", "free"] = "dct"):
        super().__init__()
        cosines = cosine_filters(size)
        if not 1 <= channels <= len(cosines):
            raise ValueError(f"Convolution has 1 to {len(cosines)} filters of size {size}, got {channels}.")
        if basis == "dct":
            self.register_buffer("basis", cosines, persistent=False)
            start = torch.eye(len(cosines))[:, :channels]
        else:
            self.register_buffer("basis", torch.eye(size * size).reshape(-1, size, size), persistent=False)
            start = cosines[:channels].flatten(1).T
        self.coefficients = nn.Parameter(start.clone())

    @property
    def filters(self) -> Float[Tensor, "channels size size"]:
        """The filters themselves."""
        return (self.coefficients.mT @ self.basis.flatten(1)).unflatten(1, self.basis.shape[1:])

    def forward(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch channels height width"]:
        filters = self.filters.to(x.real.dtype)
        return on_parts(lambda part: analysis(part, filters), x)

    def adjoint(self, y: Num[Tensor, "batch channels height width"]) -> Num[Tensor, "batch height width"]:
        filters = self.filters.to(y.real.dtype)
        return on_parts(lambda part: synthesis(part, filters), y)

    def pull(self, v: Num[Tensor, "batch channels height width"], weight: Tensor | float) -> Tensor:
        filters = self.filters.to(v.real.dtype)
        weighted = filters * (weight.reshape(-1, 1, 1).to(filters) if isinstance(weight, Tensor) else weight)
        return on_parts(lambda part: synthesis(part, weighted), v)

    def symbol(self, size: tuple[int, int], *, half: bool = False, weight: Tensor | float = 1.0) -> Tensor | None:
        """sum_c weight_c |H_c|^2, from the autocorrelation of the filters: a cosine series of (2 size - 1)^2 terms."""
        filters = self.filters
        weighted = filters * (weight.reshape(-1, 1, 1) if isinstance(weight, Tensor) else weight)
        reach = filters.shape[-1] - 1
        windows = F.unfold(F.pad(filters, (reach,) * 4).unsqueeze(0), filters.shape[-1])[0]
        kernel = (weighted.flatten() @ windows).unflatten(0, (2 * reach + 1, 2 * reach + 1))
        rows = _phases(size[0], size[0], reach, kernel)
        columns = _phases(size[1], size[1] // 2 + 1 if half else size[1], reach, kernel)
        return rows.cos() @ kernel @ columns.cos().T - rows.sin() @ kernel @ columns.sin().T

    @classmethod
    def specimens(cls) -> list["Convolution"]:
        return [cls(8, 3), cls(5, 3, basis="free"), cls(6, 5)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        channels = self.coefficients.shape[1]
        return (
            torch.randn(batch, 7, 6, dtype=torch.complex128, generator=generator),
            torch.randn(batch, channels, 7, 6, dtype=torch.complex128, generator=generator),
        )


def cosine_filters(size: int) -> Float[Tensor, "filters size size"]:
    """The two-dimensional orthonormal DCT filters of odd `size` without the constant, row by row of C kron C."""
    if size < 3 or size % 2 == 0:
        raise ValueError(f"Filters have an odd size of at least 3, got {size}.")
    k, n = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    C = torch.cos(torch.pi * (2 * n + 1) * k / (2 * size)) * (2 / size) ** 0.5
    C[0] = size**-0.5
    return torch.kron(C, C).reshape(-1, size, size).mT[1:].contiguous()  # column-major, as the authors store them


def _phases(length: int, kept: int, reach: int, kernel: Tensor) -> Tensor:
    """Frequency times shift, (kept frequencies, shifts), in the precision of the filters."""
    frequencies, shifts = torch.fft.fftfreq(length, dtype=kernel.dtype)[:kept], torch.arange(-reach, reach + 1)
    return (2 * torch.pi * frequencies[:, None] * shifts).to(kernel)
