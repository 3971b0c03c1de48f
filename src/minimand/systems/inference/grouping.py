"""Perceptual grouping by Neural EM: which pixels belong together, learned without being told."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from minimand.loops import Unroll
from minimand.steps import EM
from minimand.terms import SpatialMixture
from minimand.terms.spatial_mixture import Shares, Thetas, grouping_loss

SIDE = 28  # pixels of an image
SHAPES = ("square", "up", "down")


def shapes(
    count: int, generator: torch.Generator
) -> tuple[Float[Tensor, "count pixels"], Int64[Tensor, "count pixels"]]:
    """Binary images of three shapes at random places, and the group of every pixel: 1 to 3, 0 for the background and
    where shapes overlap.

    Squares and triangles, point up or down, of 9 to 11 pixels. Source: Greff, van Steenkiste, Schmidhuber (2017),
    sec. 4.1, by the rule that they give.
    """
    groups = torch.zeros(count, SIDE, SIDE, dtype=torch.int64)
    seen = torch.zeros_like(groups)
    for k in range(count):
        for group in (1, 2, 3):
            kind, size = (int(torch.randint(n, (), generator=generator)) for n in (len(SHAPES), 3))
            shape = _shape(SHAPES[kind], 9 + size)
            row, column = (int(torch.randint(SIDE - n + 1, (), generator=generator)) for n in shape.shape)
            place = (k, slice(row, row + shape.shape[0]), slice(column, column + shape.shape[1]))
            groups[place] = torch.where(shape, group, groups[place])
            seen[place] += shape
    groups[seen > 1] = 0
    return (seen > 0).float().flatten(1), groups.flatten(1)


def _shape(name: str, size: int) -> Tensor:
    """Bool, (rows, columns)."""
    if name == "square":
        return torch.ones(size, size, dtype=torch.bool)
    rows, columns = torch.arange((size + 1) // 2)[:, None], torch.arange(size)
    triangle = (columns - size // 2).abs() <= rows
    return triangle if name == "up" else triangle.flip(0)


class Decoder(nn.Module):
    """theta -> logits of the pixels."""

    def __init__(self, numbers: int = 250, pixels: int = SIDE**2):
        super().__init__()
        self.linear = nn.Linear(numbers, pixels)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.linear(x)
        return logits


class RecurrentMaximise(nn.Module):
    """theta_k <- sigmoid(W theta_k + U q_k (y - psi_k)): a learned M-step, the same for all groups ("RNN-EM")."""

    def __init__(self, numbers: int = 250, pixels: int = SIDE**2):
        super().__init__()
        self.again, self.seen = nn.Linear(numbers, numbers), nn.Linear(pixels, numbers, bias=False)

    def forward(self, data: SpatialMixture, q: Shares, x: Thetas) -> Thetas:
        wrong = q * (data.y.unsqueeze(1) - torch.sigmoid(data.logits(x)))
        return torch.sigmoid(self.again(x) + self.seen(wrong))


class Grouping(nn.Module):
    """`depth` steps of EM with learned M-step and decoder, from groups that nothing but noise tells apart."""

    def __init__(self, groups: int = 4, depth: int = 15, numbers: int = 250, pixels: int = SIDE**2):
        super().__init__()
        self.groups, self.numbers = groups, numbers
        self.decoder = Decoder(numbers, pixels)
        self.unrolled = Unroll(EM(RecurrentMaximise(numbers, pixels)), depth=depth, tied=True)

    def trace(self, y: Float[Tensor, "batch pixels"], generator: torch.Generator) -> list[tuple[Tensor, Shares]]:
        """Logits and shares after every step."""
        data = SpatialMixture(self.decoder, y)
        noise = torch.randn(len(y), self.groups, y.shape[1], generator=generator).abs()
        start = EM.State(y.new_zeros(len(y), self.groups, self.numbers), noise / noise.sum(1, keepdim=True))
        return [(data.logits(state.x), state.q) for state in self.unrolled.trace(data, start)]

    def forward(self, y: Float[Tensor, "batch pixels"], seed: int = 0) -> Int64[Tensor, "batch pixels"]:
        """The group of every pixel."""
        return self.trace(y, torch.Generator().manual_seed(seed))[-1][1].argmax(1)


@dataclass(frozen=True)
class LearnGrouping:
    """Learn to explain images of shapes from which a part of the pixels was flipped, by the mean loss of all steps.

    Validation: minus the loss of the last step on `held_out`.
    """

    train: Float[Tensor, "images pixels"]
    held_out: Float[Tensor, "held pixels"]
    batch: int = 64
    flipped: float = 0.1
    seed: int = 0

    def loss(self, net: Grouping, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(1_000_003 * self.seed + step)
        y = self.train[torch.randint(len(self.train), (self.batch,), generator=generator)]
        seen = (y - (torch.rand(y.shape, generator=generator) < self.flipped).float()).abs()
        each = [grouping_loss(logits, q, y).mean() for logits, q in net.trace(seen, generator)]
        return torch.stack(each).mean()

    def parts(self, net: Grouping) -> Iterator[Tensor]:
        yield self.loss(net, 0)

    @torch.no_grad()
    def validate(self, net: Grouping) -> float:
        logits, q = net.trace(self.held_out, torch.Generator().manual_seed(0))[-1]
        return -float(grouping_loss(logits, q, self.held_out).mean())
