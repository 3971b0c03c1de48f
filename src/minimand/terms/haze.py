"""The data term of a hazy picture: what the haze equation says of every pixel, and of the dark channel."""

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.kernels.dark_channel import dark_channel
from minimand.term import Term

Image = Float[Tensor, "batch channel height width"]
Plane = Float[Tensor, "batch height width"]


class Haze(Term):
    """alpha/2 ||Q T + 1 - T - P||^2 + beta/2 ||D(Q) T + 1 - T - D(P)||^2 of x = (Q, T).

    P: the hazy picture divided by its airlight, (batch, channel, height, width). Q: the clear one, divided likewise; it
    may exceed 1. T: transmission, (batch, height, width). D: dark channel over a square of `window` pixels, where T is
    taken to be constant. Source: Yang and Sun (2018), the first two summands of the energy.
    """

    own_points = True
    P: Tensor
    dark: Tensor

    def __init__(self, P: Image, window: int = 7, *, alpha: float = 1.0, beta: float = 5.0):
        super().__init__()
        self.register_buffer("P", P)
        self.window, self.alpha, self.beta = window, alpha, beta
        self.register_buffer("dark", dark_channel(P, window)[0])

    def forward(self, x: tuple[Image, Plane]) -> Float[Tensor, " batch"]:
        Q, T = x
        return self.misfit(Q, T, dark_channel(Q, self.window)[0], self.alpha, self.beta)

    def misfit(
        self, Q: Image, T: Plane, U: Plane, alpha: Tensor | float, beta: Tensor | float
    ) -> Float[Tensor, " batch"]:  # fmt: skip
        """The value with U in place of D(Q), for any weights."""
        image = (Q - 1) * T[:, None] + 1 - self.P
        dark = (U - 1) * T + 1 - self.dark
        return alpha / 2 * image.square().flatten(1).sum(1) + beta / 2 * dark.square().flatten(1).sum(1)

    def items(self, which: slice | Tensor) -> "Haze":
        return Haze(self.P[which], self.window, alpha=self.alpha, beta=self.beta)

    @classmethod
    def specimens(cls) -> list["Haze"]:
        return [cls(hazy_example(2, torch.Generator().manual_seed(7)), 3)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Image, Plane]:
        P = self.P[:batch]
        T = 0.2 + 0.8 * torch.rand(P[:, 0].shape, dtype=torch.float64, generator=generator)
        return torch.rand(P.shape, dtype=torch.float64, generator=generator), T


def hazy_example(batch: int, generator: torch.Generator) -> Image:
    """Small random pictures in double precision, divided by their airlight."""
    return 0.1 + 0.8 * torch.rand(batch, 3, 8, 9, dtype=torch.float64, generator=generator)
