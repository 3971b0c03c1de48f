"""What the learned optimizers share: a rule from a gradient and a memory to a move, as a Step."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.algebra import leaves, rebuild
from minimand.energy import Energy
from minimand.step import Step

Norm = Callable[..., Tensor]  # pieces (batch, rows, n) of a vector -> their norm over all coordinates, (batch, rows, 1)
TINY = 1e-16
HALF = (torch.bfloat16, torch.float16)
Gradient = Float[Tensor, "batch p"]


class LearnedStep(Step):
    """x <- x - rate * move, the move made of the gradient and of what the rule remembers, coordinate by coordinate.

    The gradient counts as a constant: nothing is differentiated through it. The energy may be a new one at every step
    (mini-batches). `rate` is a number of the rule, not learned. x is flat, (batch, p): a batch of independent learners.
    """

    name: ClassVar[str]  # the network that cards name
    rate: float

    class State(NamedTuple):
        x: Tensor  # (batch, p)
        memory: Any  # what the rule remembers, tensors with the batch as leading axis

    def prepare(self) -> None:
        """Make ready for meta-training: which numbers learn, and how."""

    @abstractmethod
    def remember(self, x: Gradient) -> Any:
        """The memory before the first step."""

    @abstractmethod
    def update(self, g: Gradient, memory: Any, norm: Norm | None = None) -> tuple[Gradient, Any]:
        """The move and the next memory. norm: over all coordinates, for rules that look at more than one, in place of
        their own (where g is only a part of the gradient).
        """

    def advance(
        self, pieces: Sequence[tuple[Float[Tensor, "batch _"], Any]], norm: Norm | None = None
    ) -> list[Float[Tensor, "batch _"]]:
        """The moves of a vector that comes in pieces (gradient, memory), without a graph; each memory becomes the next
        one in place. A batch counts as one vector an item.
        """
        moves = []
        with torch.no_grad():
            for g, memory in pieces:
                move, after = self.update(g, rebuild(memory, [part.to(g.dtype) for part in leaves(memory)]))
                for old, new in zip(leaves(memory), leaves(after), strict=True):
                    old.copy_(new)
                moves.append(move)
        return moves

    def norm(self, *pieces: Float[Tensor, "batch rows _"]) -> Float[Tensor, "batch rows 1"]:
        """The norm of every row over all coordinates, never 0: a small number stands under the root."""
        single = [x.float() if x.dtype in HALF else x for x in pieces]
        total = torch.stack([x.square().sum(-1, keepdim=True) for x in single]).sum(0)
        return (self.scale(sum(x.shape[-1] for x in pieces)) * total + TINY).sqrt()

    def scale(self, p: int) -> float:
        """What a sum of squares over p coordinates is multiplied by in a norm."""
        return 1.0

    def init(self, energy: Energy, x: Gradient) -> State:
        if "grad" not in energy.offers():
            raise TypeError(f"{type(self).__name__} needs the gradient of every term of the energy; use ADMM.")
        return self.State(x, self.remember(x))

    def forward(self, energy: Energy, s: State) -> State:
        with torch.no_grad():
            g = energy.grad(s.x)
        move, memory = self.update(g, s.memory)
        return self.State(s.x - self.rate * move, memory)
