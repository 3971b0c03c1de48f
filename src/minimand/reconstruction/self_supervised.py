"""Learning without truth: from a part of each measurement, the rest is to be predicted."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor, nn

from minimand.algebra import norm
from minimand.operators import Turn
from minimand.terms import LeastSquares


class Parts(NamedTuple):
    """A measurement in two parts. seen: what the network sees, bool, (batch or 1, *data); judged: what its image is
    held against, alike (what is not seen, and what always is, which nothing else would hold in place); weight: how
    much each number counts there, or 1.
    """

    seen: Tensor
    judged: Tensor
    weight: Tensor | float = 1.0


Split = Callable[[LeastSquares, torch.Generator], Parts]
Judge = Callable[[nn.Module], float]  # score of a network, higher is better

TINY = 1e-12
SEEN = 0.9  # share of the measurements that the network sees


@dataclass(frozen=True)
class SelfSupervised:
    """Learn to reconstruct from measurements alone: a `learning.Task`.

    train: scans in groups of one size; a mini-batch comes from one group, its images turned at random. split: what the
    network sees of a scan, drawn anew at every step. judge: what scores a network.
    loss: mean of half of ||A2 x - y2|| / ||y2||, in l2 and in l1, over what is held out. Source: Yaman et al. (2020),
    sec. 2.4 (with one split for good); splits at every step as in Yaman et al. (2022).
    """

    train: Sequence[LeastSquares]
    judge: Judge
    split: Split
    batch: int
    seed: int

    def loss(self, net: nn.Module, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        place = int(torch.randint(sum(len(group.y) for group in self.train), (), generator=generator))
        for group in self.train:
            if place < len(group.y):
                break
            place -= len(group.y)
        which = torch.randint(len(group.y), (self.batch,), generator=generator)
        which[0] = place
        down, right, transpose = torch.randint(2, (3,), generator=generator).bool().tolist()
        data = group.items(which)
        return heldout_error(net, data, self.split(data, generator), Turn(down, right, transpose)).mean()

    def parts(self, net: nn.Module) -> Iterator[Tensor]:
        return self.some_parts(net, 0, 1)

    def some_parts(self, net: nn.Module, first: int, step: int) -> Iterator[Tensor]:
        """Every `step`-th part from `first` on."""
        total = sum(len(group.y) for group in self.train)
        for data in islice(_batches(self.train, self.batch), first, None, step):
            yield heldout_error(net, data, _same_split(self.split, data)).sum() / total

    def validate(self, net: nn.Module) -> float:
        """What the judge says."""
        return self.judge(net)


def heldout_error(net: nn.Module, data: LeastSquares, parts: Parts, turn: Turn | None = None) -> Tensor:
    """Half of ||A2 x - y2|| / ||y2||, in l2 and in l1, of every item, (batch,); x: the network's image from what is
    seen, 2: the rest.

    The few large numbers near the centre of k-space make l2 alone too noisy to learn from. turn: the network works on
    the image so turned.
    """
    seen, turn = parts.seen, turn or Turn()
    x = turn(net(LeastSquares(data.A.selected(seen) @ turn, seen * data.y, tol=data.tol, max_iter=data.max_iter)))
    error, weight = data.A(x) - data.y, parts.judged * parts.weight
    l2 = norm(weight**0.5 * error) / norm(weight**0.5 * data.y).clamp_min(TINY)
    l1 = _sum(weight * error.abs()) / _sum(weight * data.y.abs()).clamp_min(TINY)
    return (l1 + l2) / 2


def heldout_score(scans: Sequence[LeastSquares], split: Split, batch: int) -> Judge:
    """A judge: how well held-out measurements are predicted, -20 log10 of the mean relative error, in dB."""

    @torch.no_grad()
    def judge(net: nn.Module) -> float:
        errors = [heldout_error(net, data, _same_split(split, data)) for data in _batches(scans, batch)]
        return -20 * math.log10(float(torch.cat(errors).mean()))

    return judge


def random_rows(data: LeastSquares, generator: torch.Generator) -> Parts:
    """A share of all numbers measured, drawn one by one: for operators whose rows are alike."""
    seen = torch.rand(data.y.shape, generator=generator) < SEEN
    return Parts(seen, ~seen)


def _sum(x: Tensor) -> Tensor:
    return x.flatten(1).sum(1)


def _batches(groups: Sequence[LeastSquares], batch: int) -> Iterator[LeastSquares]:
    for group in groups:
        for k in range(0, len(group.y), batch):
            yield group.items(slice(k, k + batch))


def _same_split(split: Split, data: LeastSquares) -> Parts:
    """A split that depends on the size of the data alone."""
    return split(data, torch.Generator().manual_seed(0))
