"""All patches of an image, and back by sums."""

import torch
import torch.nn.functional as F
from jaxtyping import Num
from torch import Tensor

from minimand.algebra import on_parts
from minimand.operator import Operator


class Patches(Operator):
    """The square patches that overlap in an image, (batch, height, width) to (batch, patches, size * size).

    They begin at every pixel where a patch fits, row by row. R^H R is diagonal: `counts` says how many patches hold a
    pixel. Raises ValueError for patches larger than the image, and for patches of another number than it has.
    """

    def __init__(self, image: tuple[int, int], size: int):
        super().__init__()
        if not 1 <= size <= min(image):
            raise ValueError(f"Patches of {size} x {size} pixels do not fit an image of {image[0]} x {image[1]}.")
        self.image, self.size = image, size

    def forward(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch patches pixels"]:
        return on_parts(lambda part: F.unfold(part.unsqueeze(1), self.size).mT, x)

    def adjoint(self, y: Num[Tensor, "batch patches pixels"]) -> Num[Tensor, "batch height width"]:
        return on_parts(lambda part: F.fold(part.mT, self.image, self.size).squeeze(1), y)

    def counts(self, like: Tensor) -> Num[Tensor, "height width"]:
        """How many patches hold each pixel, as numbers like those of `like`."""
        rows, columns = (self._counts(length).to(like) for length in self.image)
        return rows[:, None] * columns

    def _counts(self, length: int) -> Tensor:
        place = torch.arange(length)
        return place.clamp_max(length - self.size) - (place - self.size + 1).clamp_min(0) + 1

    @classmethod
    def specimens(cls) -> list["Patches"]:
        return [cls((6, 5), 3), cls((4, 4), 4)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        height, width = self.image
        count = (height - self.size + 1) * (width - self.size + 1)
        return (
            torch.randn(batch, height, width, dtype=torch.complex128, generator=generator),
            torch.randn(batch, count, self.size**2, dtype=torch.complex128, generator=generator),
        )
