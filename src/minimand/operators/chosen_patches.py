"""Patches of an image at given places."""

import torch
from jaxtyping import Int64, Num
from torch import Tensor

from minimand.algebra import on_parts
from minimand.kernels.patches import add_up, take
from minimand.operator import Operator


class ChosenPatches(Operator):
    """Square patches of images of one size, (batch, height, width) to (batch, patches, pixels); the adjoint adds up.

    corners: row and column of the upper left pixel of each patch, (1 or batch, patches, 2); patches go on at the other
    side of the image. side: of a patch; size: (height, width).
    """

    corners: Tensor

    def __init__(self, corners: Int64[Tensor, "batch patches 2"], side: int, size: tuple[int, int]):
        super().__init__()
        self.side, self.size = side, size
        self.register_buffer("corners", corners)

    def forward(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch patches pixels"]:
        if tuple(x.shape[-2:]) != self.size:
            raise ValueError(f"ChosenPatches lie in images of {self.size} pixels, got x of shape {tuple(x.shape)}.")
        return on_parts(lambda part: take(part, self._at(part), self.side), x)

    def adjoint(self, y: Num[Tensor, "batch patches pixels"]) -> Num[Tensor, "batch height width"]:
        return on_parts(lambda part: add_up(part, self._at(part), *self.size), y)

    def items(self, which: slice | Tensor) -> "ChosenPatches":
        return self if len(self.corners) == 1 else ChosenPatches(self.corners[which], self.side, self.size)

    def _at(self, part: Tensor) -> Tensor:
        """The corners for every image of a batch, or for their real and imaginary parts."""
        return self.corners.repeat(len(part) // len(self.corners), 1, 1)

    @classmethod
    def specimens(cls) -> list["ChosenPatches"]:
        generator = torch.Generator().manual_seed(0)
        single, many = (torch.randint(5, (n, 9, 2), generator=generator) for n in (1, 3))
        return [cls(single, 3, (5, 7)), cls(many, 2, (6, 5))]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        batch = len(self.corners) if len(self.corners) > 1 else batch
        return (
            torch.randn(batch, *self.size, dtype=torch.complex128, generator=generator),
            torch.randn(batch, self.corners.shape[1], self.side**2, dtype=torch.complex128, generator=generator),
        )


def everywhere(height: int, width: int) -> Int64[Tensor, "patches 2"]:
    """Corners of a patch at every pixel, row by row."""
    return torch.cartesian_prod(torch.arange(height), torch.arange(width))
