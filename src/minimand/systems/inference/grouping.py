"""Perceptual grouping by Neural EM: which pixels belong together, learned without being told."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from minimand.loops import Unroll
from minimand.metrics import adjusted_mutual_information
from minimand.steps import EM
from minimand.terms import SpatialMixture
from minimand.terms.spatial_mixture import Shares, Thetas, grouping_loss

SIDE = 28  # pixels of an image
SHAPES = ("square", "up", "down")
TEMPLATE = 11  # pixels along the side of a learned template
HALF, WIDE = TEMPLATE // 2, 40  # pixels: to its edge; of images with room for it around them
GAIN = 4.0  # of templates and filters at birth


def shapes(
    count: int, generator: torch.Generator, things: int = 3
) -> tuple[Float[Tensor, "count pixels"], Int64[Tensor, "count pixels"]]:
    """Binary images of three shapes (or as many as `things` says) at random places, and the group of every pixel: 1 to
    3, 0 for the background and where shapes overlap.

    Squares and triangles, point up or down, of 9 to 11 pixels. Source: Greff, van Steenkiste, Schmidhuber (2017),
    sec. 4.1, by the rule that they give.
    """
    groups = torch.zeros(count, SIDE, SIDE, dtype=torch.int64)
    seen = torch.zeros_like(groups)
    for k in range(count):
        for group in range(1, things + 1):
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


class Placed(nn.Module):
    """theta -> logits of the pixels: one thing at one place. A group's theta scores every kind of thing at every pixel,
    its softmax is where a learned template lies; around it there is nothing.
    """

    def __init__(self, kinds: int = 9):
        super().__init__()
        self.kinds, self.numbers = kinds, kinds * SIDE**2
        self.templates = nn.Parameter(GAIN * (1 + 0.25 * torch.randn(kinds, TEMPLATE, TEMPLATE)))
        self.nothing = nn.Parameter(torch.tensor(-2.0))

    def forward(self, x: Thetas) -> Shares:
        where = x.softmax(-1).unflatten(-1, (self.kinds, SIDE, SIDE))
        spread = (_spectrum(where) * _spectrum(self.templates)).sum(-3)
        seen = torch.fft.irfft2(spread, s=(WIDE, WIDE))[..., HALF : HALF + SIDE, HALF : HALF + SIDE]
        logits: Tensor = self.nothing + seen.flatten(-2)
        return logits


class MatchMaximise(nn.Module):
    """theta_k <- keep theta_k + filters * (q_k (y - psi_k)): a learned M-step that looks for what is not explained yet,
    the same for all groups and places.

    One group after the other, each time with the q that those before it leave (Neal and Hinton 1998, incremental EM):
    all at once, groups that little tells apart go to the same shape, and from there to the next, together.
    """

    def __init__(self, kinds: int = 9):
        super().__init__()
        self.filters = nn.Parameter(GAIN * (0.1 + 0.05 * torch.randn(kinds, TEMPLATE, TEMPLATE)))
        self.keep = nn.Parameter(torch.tensor(0.9))

    def forward(self, data: SpatialMixture, q: Shares, x: Thetas) -> Thetas:
        thetas, logits = list(x.split(1, 1)), list(data.logits(x).split(1, 1))
        filters = _spectrum(self.filters).conj()
        for k in range(len(thetas)):
            wrong = q[:, k : k + 1] * (data.y.unsqueeze(1) - torch.sigmoid(logits[k]))
            inside = F.pad(wrong.unflatten(-1, (1, SIDE, SIDE)), (HALF,) * 4)
            found = torch.fft.irfft2(_spectrum(inside) * filters, s=(WIDE, WIDE))
            thetas[k] = self.keep * thetas[k] + found[..., :SIDE, :SIDE].flatten(-3)
            logits[k] = data.logits(thetas[k])
            q = data.shares(torch.cat(logits, 1))
        return torch.cat(thetas, 1)


def _spectrum(x: Float[Tensor, "*batch rows columns"]) -> Tensor:
    """That of images with zeros around them; a fifth of the time of torch's convolutions."""
    return torch.fft.rfft2(x, s=(WIDE, WIDE))


class RecurrentMaximise(nn.Module):
    """theta_k <- sigmoid(W theta_k + U q_k (y - psi_k)): the authors' learned M-step ("RNN-EM"), whose decoder is one
    linear layer.
    """

    def __init__(self, numbers: int = 250, pixels: int = SIDE**2):
        super().__init__()
        self.again, self.seen = nn.Linear(numbers, numbers), nn.Linear(pixels, numbers, bias=False)

    def forward(self, data: SpatialMixture, q: Shares, x: Thetas) -> Thetas:
        wrong = q * (data.y.unsqueeze(1) - torch.sigmoid(data.logits(x)))
        return torch.sigmoid(self.again(x) + self.seen(wrong))


class Grouping(nn.Module):
    """`depth` steps of EM with learned M-step and decoder, from groups that nothing but noise tells apart.

    decoder: theta -> logits; maximise: the M-step; numbers: of a theta; those of one thing at one place unless given.
    """

    def __init__(
        self,
        decoder: nn.Module | None = None,
        maximise: nn.Module | None = None,
        *,
        numbers: int = 9 * SIDE**2,
        groups: int = 4,
        depth: int = 3,
    ):
        super().__init__()
        self.groups, self.numbers = groups, numbers
        self.decoder = decoder or Placed()
        self.unrolled = Unroll(EM(maximise or MatchMaximise()), depth=depth, tied=True)

    def trace(
        self, y: Float[Tensor, "batch pixels"], generator: torch.Generator, groups: int | None = None
    ) -> list[tuple[Tensor, Shares]]:
        """Logits and shares after every step. groups: another number of them than the network's own."""
        data, groups = SpatialMixture(self.decoder, y), groups or self.groups
        noise = torch.randn(len(y), groups, y.shape[1], generator=generator).abs().clamp_min(1e-6)
        start = EM.State(y.new_zeros(len(y), groups, self.numbers), noise / noise.sum(1, keepdim=True))
        return [(data.logits(state.x), state.q) for state in self.unrolled.trace(data, start)]

    def forward(self, y: Float[Tensor, "batch pixels"], seed: int = 0) -> Int64[Tensor, "batch pixels"]:
        """The group of every pixel."""
        return self.trace(y, torch.Generator().manual_seed(seed))[-1][1].argmax(1)


@dataclass(frozen=True)
class LearnGrouping:
    """Learn to explain images of shapes from which a part of the pixels was flipped, by the losses of all steps, the
    later the heavier. Validation: minus the loss of the last step on `held_out`. groups: another number of them than
    the network's own; from images of one shape, one group learns what a whole shape looks like (from three at once, two
    groups come to share a square).
    """

    train: Float[Tensor, "images pixels"]
    held_out: Float[Tensor, "held pixels"]
    batch: int = 16
    flipped: float = 0.1
    groups: int | None = None
    seed: int = 0

    def loss(self, net: Grouping, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(1_000_003 * self.seed + step)
        y = self.train[torch.randint(len(self.train), (self.batch,), generator=generator)]
        seen = (y - (torch.rand(y.shape, generator=generator) < self.flipped).float()).abs()
        each = torch.stack(
            [grouping_loss(logits, q, y).mean() for logits, q in net.trace(seen, generator, self.groups)]
        )
        weights = torch.arange(1.0, len(each) + 1)
        return (weights * each).sum() / weights.sum()

    def parts(self, net: Grouping) -> Iterator[Tensor]:
        yield self.loss(net, 0)

    @torch.no_grad()
    def validate(self, net: Grouping) -> float:
        logits, q = net.trace(self.held_out, torch.Generator().manual_seed(0), self.groups)[-1]
        return -float(grouping_loss(logits, q, self.held_out).mean())


def rate(parameter: str) -> float:
    """Learning rate of a parameter by its name."""
    return 0.072 if parameter.endswith(("templates", "filters")) else 0.018


def agreement(
    found: Int64[Tensor, "images pixels"], groups: Int64[Tensor, "images pixels"]
) -> Float[Tensor, " images"]:
    """Adjusted mutual information of every image, over the pixels of one shape alone (groups not 0)."""
    pairs = zip(found, groups, strict=True)
    return torch.tensor([adjusted_mutual_information(a[b > 0], b[b > 0]) for a, b in pairs])
