"""The colour filters of a camera: one colour a pixel."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minimand.operator import Operator

PATTERNS = ("rggb", "bggr", "grbg", "gbrg")


class Mosaic(Operator):
    """What a sensor with colour filters sees of a picture, (batch, 3, height, width) to (batch, height, width).

    pattern: colours of the upper left 2 x 2 pixels, row by row, which repeat. Raises ValueError for one that is none.
    Source: Bayer (1976).
    """

    coisometry = 1.0
    colours: Tensor

    def __init__(self, pattern: str = "rggb"):
        super().__init__()
        if pattern not in PATTERNS:
            raise ValueError(f"Mosaic knows the patterns {', '.join(PATTERNS)}, got {pattern!r}.")
        self.register_buffer("colours", torch.tensor(["rgb".index(c) for c in pattern]).reshape(2, 2))

    def forward(self, x: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch height width"]:
        return (self.filters((x.shape[-2], x.shape[-1])) * x).sum(1)

    def adjoint(self, y: Float[Tensor, "batch height width"]) -> Float[Tensor, "batch 3 height width"]:
        return self.filters((y.shape[-2], y.shape[-1])) * y.unsqueeze(1)

    def filters(self, size: tuple[int, int]) -> Bool[Tensor, "3 height width"]:
        """Which colour each pixel of an image of `size` sees."""
        rows, columns = (torch.arange(n, device=self.colours.device) % 2 for n in size)
        return self.colours[rows[:, None], columns] == torch.arange(3, device=self.colours.device)[:, None, None]

    @classmethod
    def specimens(cls) -> list["Mosaic"]:
        return [cls(), cls("gbrg")]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x = torch.randn(batch, 3, 5, 6, dtype=torch.float64, generator=generator)
        return x, torch.randn(batch, 5, 6, dtype=torch.float64, generator=generator)
