"""RNNprop: what Adam and RMSProp would do, weighed by a recurrent network."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from minimand.systems.optimizers.cells import Linear, LSTMCell
from minimand.systems.optimizers.learned import LearnedStep, Norm

UNITS = 20
DECAY = 0.95  # of both moments
EPS = 1e-8


class Memory(NamedTuple):
    """All 0 at the start."""

    h1: Tensor  # of the first LSTM, (batch, 20, p)
    c1: Tensor
    h2: Tensor
    c2: Tensor
    m: Tensor  # (batch, p)
    v: Tensor
    bias: Tensor  # 1 - 0.95^t, (batch, p)


class RNNpropStep(LearnedStep):
    """x <- x - 0.1 tanh(linear(LSTM(LSTM(ELU(linear(g / sqrt(v), m / sqrt(v)))))), moments corrected for their bias.

    Source: Lv, Jiang, Li (2017), sec. 4.3, in the authors' code. 6,641 numbers.
    """

    name = "rnnprop"
    rate = 0.1

    def __init__(self) -> None:
        super().__init__()
        self.preprocess, self.output = Linear(2, UNITS), Linear(UNITS, 1)
        self.first, self.second = LSTMCell(UNITS, UNITS), LSTMCell(UNITS, UNITS)

    def remember(self, x: Float[Tensor, "batch p"]) -> Memory:
        batch, p = x.shape
        shapes = [(batch, UNITS, p)] * 4 + [(batch, p)] * 3
        return Memory(*(x.new_zeros(shape) for shape in shapes))

    def update(
        self, g: Float[Tensor, "batch p"], memory: Memory, norm: Norm | None = None
    ) -> tuple[Float[Tensor, "batch p"], Memory]:
        m, v = torch.lerp(g, memory.m, DECAY), torch.lerp(g.square(), memory.v, DECAY)
        bias = 1 + DECAY * (memory.bias - 1)
        root = (v / bias).sqrt() + EPS
        x = F.elu(self.preprocess(torch.stack([g / root, m / bias / root], 1)))
        h1, c1 = self.first(x, memory.h1, memory.c1)
        h2, c2 = self.second(h1, memory.h2, memory.c2)
        return torch.tanh(self.output(h2)).squeeze(1), Memory(h1, c1, h2, c2, m, v, bias)
