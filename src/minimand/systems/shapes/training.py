"""What networks for shapes learn: classes, all training shapes in one batch, judged by the first tier."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minimand.metrics import leave_one_out, retrieval
from minimand.systems.shapes.metric import triplet
from minimand.systems.shapes.network import Moments, Others, STNet

SHARE = 1.2  # of the unlearned part where classes are new

Loss = Callable[[Float[Tensor, "shapes size"], Int[Tensor, " shapes"]], Float[Tensor, ""]]


class Shapes(NamedTuple):
    """What networks need of shapes: moments, the vectors of another method, and classes as numbers."""

    M: Moments
    others: Others
    labels: Int[Tensor, " shapes"]

    def part(self, which: Bool[Tensor, " shapes"]) -> "Shapes":
        """Some of them."""
        return Shapes(self.M[which], self.others[which], self.labels[which])


@dataclass(frozen=True)
class Classes:
    """Learn to tell classes apart: a `learning.Task`. Validation is the first tier, percent, among its own shapes.

    share: of the unlearned part in validation; 0 judges the embedding alone.
    """

    net: STNet
    train: Shapes
    validation: Shapes
    loss_of: Loss = triplet
    share: float = SHARE

    @cached_property
    def _prepared(self) -> tuple[Tensor, ...]:
        return self.net.prepare(self.train.M)

    def loss(self, net: Any, step: int) -> Tensor:
        return self.loss_of(net.embed(*self._prepared), self.train.labels)

    def parts(self, net: Any) -> Iterator[Tensor]:
        yield self.loss(net, 0)

    def validate(self, net: Any) -> float:
        """Mean first tier in percent."""
        found = net.describe(self.validation.M, self.validation.others, self.share)
        return 100 * float(figures(found, self.validation.labels)[1])


def figures(vectors: Float[Tensor, "shapes numbers"], labels: Int[Tensor, " shapes"]) -> Float[Tensor, "5"]:
    """Means of NN, first and second tier, E-measure and DCG over all shapes, each looked for among the others."""
    x = vectors.double()
    x = x - x.mean(0)
    norms = x.square().sum(1)
    squares = norms[:, None] + norms - 2 * x @ x.mT
    return torch.stack(retrieval(leave_one_out(squares, labels))).mean(1)


def rate(name: str) -> float:
    """Learning rate of a number by its name."""
    return 2e-2 if "function" in name else 1e-3
