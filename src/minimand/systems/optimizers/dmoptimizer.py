"""DMoptimizer: the first optimizer that was learned by gradient descent."""

from math import e
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.systems.optimizers.cells import Linear, LSTMCell
from minimand.systems.optimizers.learned import LearnedStep, Norm

UNITS = 20
P = 10  # logarithms are cut at -P and divided by it; gradients below e^-P are told by their size


class Memory(NamedTuple):
    """All 0 at the start, (batch, 20, p)."""

    h1: Tensor
    c1: Tensor
    h2: Tensor
    c2: Tensor


class DMoptimizerStep(LearnedStep):
    """x <- x + 0.1 linear(LSTM(LSTM(log max(|g|, e^-10) / 10, clip(e^10 g, -1, 1)))).

    Source: Andrychowicz et al. (2016), sec. 2.1 and appendix A, as in the code of Wang et al. (2019). 5,141 numbers.
    """

    name = "dmoptimizer"
    rate = -0.1  # the output is added

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.output = LSTMCell(2, UNITS), LSTMCell(UNITS, UNITS), Linear(UNITS, 1)

    def remember(self, x: Float[Tensor, "batch p"]) -> Memory:
        batch, p = x.shape
        return Memory(*(x.new_zeros(batch, UNITS, p) for _ in Memory._fields))

    def update(
        self, g: Float[Tensor, "batch p"], memory: Memory, norm: Norm | None = None
    ) -> tuple[Float[Tensor, "batch p"], Memory]:
        size = g.abs().clamp_min(e**-P).log() / P
        h1, c1 = self.first(torch.stack([size, (e**P * g).clamp(-1, 1)], 1), memory.h1, memory.c1)
        h2, c2 = self.second(h1, memory.h2, memory.c2)
        return self.output(h2).squeeze(1), Memory(h1, c1, h2, c2)
