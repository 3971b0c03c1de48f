"""Finite differences."""

from functools import lru_cache

import torch
from jaxtyping import Num
from torch import Tensor

from minimand.operator import Operator


class Gradient(Operator):
    """Periodic forward differences down and right, (batch, height, width) to (batch, 2, height, width)."""

    def forward(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch 2 height width"]:
        return torch.stack([x.roll(-1, -2) - x, x.roll(-1, -1) - x], dim=1)

    def adjoint(self, y: Num[Tensor, "batch 2 height width"]) -> Num[Tensor, "batch height width"]:
        down, right = y.unbind(1)
        return down.roll(1, -2) - down + right.roll(1, -1) - right

    def symbol(self, size: tuple[int, int], *, half: bool = False, weight: Tensor | float = 1.0) -> Tensor | None:
        if isinstance(weight, Tensor):
            return weight.reshape(()) * _laplacian(size, half, weight.device) if weight.numel() == 1 else None
        return weight * _laplacian(size, half, torch.device("cpu"))

    @classmethod
    def specimens(cls) -> list["Gradient"]:
        return [cls()]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return (
            torch.randn(batch, 6, 5, dtype=torch.complex128, generator=generator),
            torch.randn(batch, 2, 6, 5, dtype=torch.complex128, generator=generator),
        )


@lru_cache(maxsize=16)
def _laplacian(size: tuple[int, int], half: bool, device: torch.device) -> Tensor:
    """Symbol of D^H D, in double precision: 4 sin^2 of half the frequency, down and right."""
    rows, columns = (4 * torch.sin(torch.pi * torch.fft.fftfreq(n, dtype=torch.float64)).square() for n in size)
    return (rows[:, None] + (columns[: size[1] // 2 + 1] if half else columns)).to(device)
