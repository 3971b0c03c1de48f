"""Flips and transposition of images."""

from collections.abc import Callable

import torch
from jaxtyping import Num
from torch import Tensor

from minimand.operator import Operator, constant_symbol


class Turn(Operator):
    """The image flipped along its axes, then transposed: orthonormal.

    A @ Turn(...) measures of a turned-back image what A measures of the image: data of a turned scan without its image.
    """

    tight = 1.0
    coisometry = 1.0

    def __init__(self, down: bool = False, right: bool = False, transpose: bool = False):
        super().__init__()
        self.transpose = transpose
        self.axes = [axis for axis, flip in [(-2, down), (-1, right)] if flip]

    def forward(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch rows columns"]:
        x = x.flip(self.axes) if self.axes else x
        return x.mT if self.transpose else x

    def adjoint(self, y: Num[Tensor, "batch rows columns"]) -> Num[Tensor, "batch height width"]:
        y = y.mT if self.transpose else y
        return y.flip(self.axes) if self.axes else y

    def symbol(self, size: tuple[int, int], *, half: bool = False, weight: Tensor | float = 1.0) -> Tensor | None:
        return constant_symbol(size, half, weight)

    def seen_by(self, symbol: Callable[..., Tensor | None], size: tuple[int, int], half: bool) -> Tensor | None:
        found = symbol(size[::-1] if self.transpose else size, half=False)
        if found is None:
            return None
        found = found.mT if self.transpose else found
        for axis in self.axes:  # a flip sends every frequency of the axis to its negative
            found = found.flip(axis).roll(1, axis)
        return found[..., : size[1] // 2 + 1] if half else found

    @classmethod
    def specimens(cls) -> list["Turn"]:
        return [cls(down=True), cls(right=True, transpose=True)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x, y = torch.randn(2, batch, 6, 5, dtype=torch.complex128, generator=generator)
        return x, y.mT if self.transpose else y
