"""Luminance and colour differences."""

import torch
from jaxtyping import Float, Num
from torch import Tensor

from minimand.operator import Operator

ROWS = ((1, 1, 1), (1, 0, -1), (1, -2, 1))  # luminance and two colour differences, before they get length 1


class Opponent(Operator):
    """Red, green and blue to luminance and two colour differences, (batch, 3, height, width): orthonormal, so that
    white noise stays what it is.
    """

    tight = 1.0
    coisometry = 1.0

    def forward(self, x: Num[Tensor, "batch 3 height width"]) -> Num[Tensor, "batch 3 height width"]:
        return torch.einsum("oc,bchw->bohw", opponent_rows(x), x)

    def adjoint(self, y: Num[Tensor, "batch 3 height width"]) -> Num[Tensor, "batch 3 height width"]:
        return torch.einsum("oc,bohw->bchw", opponent_rows(y), y)

    @classmethod
    def specimens(cls) -> list["Opponent"]:
        return [cls()]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x, y = torch.randn(2, batch, 3, 5, 4, dtype=torch.float64, generator=generator)
        return x, y


def opponent_rows(like: Tensor) -> Float[Tensor, "opponents colours"]:
    """The orthonormal matrix, of the type and on the device of `like`."""
    rows = torch.tensor(ROWS, dtype=like.real.dtype, device=like.device)
    return rows / rows.norm(dim=1, keepdim=True)
