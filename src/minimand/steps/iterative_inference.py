"""Inference that learned how to go down: iterative amortised inference."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minimand.energy import Energy
from minimand.parameters import Positive
from minimand.step import Step
from minimand.steps.refusal import refusal
from minimand.terms import Evidence


class IterativeInference(Step):
    """x <- x - rate grad E(x) + f(x, grad E(x)), f two layers of `width`, born as zero: as gradient descent.

    x: (batch, parts, size), parts * size = `numbers` an item, such as mean and log variance of a belief; f sees the
    gradient with mean 0 and variance 1. detach: gradients are taken for constants when the step learns, at half the
    cost. Takes an energy that is a data term alone. Source: Marino, Yue, Mandt (2018), eq. 5; theirs is
    x <- g x + (1 - g) f with a gate g, and has no descent to fall back on.
    """

    rate = Positive()

    class State(NamedTuple):
        x: Tensor  # (batch, parts, size)

    def __init__(self, numbers: int, width: int = 256, *, rate: float = 0.05, detach: bool = False):
        super().__init__()
        self.rate, self.detach = rate, detach
        self.first = nn.Linear(2 * numbers, width)
        self.second = nn.Linear(width, width)
        self.last = nn.Linear(width, numbers)
        for p in self.last.parameters():
            nn.init.zeros_(p)

    def init(self, energy: Energy, x: Tensor) -> State:
        if energy.priors or "grad" not in energy.data.offers():
            raise refusal("IterativeInference", "a data term alone, with a gradient", energy)
        return self.State(x)

    def forward(self, energy: Energy, s: State) -> State:
        g = energy.grad(s.x)
        g = g.detach() if self.detach else g
        flat = g.flatten(1)
        seen = torch.cat([s.x.flatten(1), F.layer_norm(flat, flat.shape[1:])], 1)
        hidden = F.elu(self.second(F.elu(self.first(seen))))
        return self.State(s.x - self.rate * g + self.last(hidden).reshape(s.x.shape))

    @classmethod
    def specimens(cls) -> list["IterativeInference"]:
        return [cls(6, 5)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Energy, Tensor]:
        term = Evidence.specimens()[0]
        y = (torch.rand(batch, 7, generator=generator) < 0.5).double()
        return Energy(Evidence(term._decode[0], y, term.noise)), term.example(batch, generator)
