"""Gradient descent."""

from typing import NamedTuple

from torch import Tensor

from minimand.energy import Energy
from minimand.parameters import Positive
from minimand.step import Step
from minimand.steps.refusal import refusal


class Descent(Step):
    """x <- x - rate grad E(x). The energy falls for rate below 2 / L, L the Lipschitz constant of the gradient.

    rate: positive, learned when the step is trained. Source: Nesterov (2004), sec. 1.2.3.
    """

    rate = Positive()

    class State(NamedTuple):
        x: Tensor  # (batch, *image)

    def __init__(self, rate: float = 0.1):
        super().__init__()
        self.rate = rate

    def init(self, energy: Energy, x: Tensor) -> State:
        if "grad" not in energy.offers():
            lacking = [
                type(t).__name__ for t in (energy.data, *(g for g, _ in energy.priors)) if "grad" not in t.offers()
            ]
            raise refusal("Descent", f"the gradient of every term, {lacking[0]} has none", energy)
        return self.State(x)

    def forward(self, energy: Energy, s: State) -> State:
        return self.State(s.x - self.rate * energy.grad(s.x))

    @classmethod
    def specimens(cls) -> list["Descent"]:
        return [cls(rate=0.5)]
