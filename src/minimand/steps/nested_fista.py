"""FISTA for priors on D x whose prox has no closed form: it is approached by steps on its dual, warm-started."""

from typing import NamedTuple

import torch
from torch import Tensor

from minimand.algebra import per_item
from minimand.energy import Energy
from minimand.parameters import Positive
from minimand.step import Step
from minimand.steps.refusal import refusal


class NestedFISTA(Step):
    """min_x data(x) + sum_i g_i(D_i x) by FISTA, with `inner` dual steps for the prox of the sum of all priors.

    rate: at most 1 / ||A||^2, as in FISTA; bound: at least sum_i ||D_i||^2 (8 for Gradient). Both positive, learned
    when trained. The dual variables are kept from step to step, so that few inner steps do. Needs the gradient of the
    data term and the prox of every prior, and no linear system. Source: Beck and Teboulle (2009b), sec. 4 and 5, for
    total variation; momentum as in FISTA.
    """

    rate = Positive()
    bound = Positive()

    class State(NamedTuple):
        x: Tensor  # (batch, *image)
        v: Tensor  # extrapolated point, shaped like x
        k: Tensor  # steps taken, (batch,), integers
        p: tuple[Tensor, ...]  # dual variables, shaped like D_i x

    def __init__(self, rate: float = 1.0, bound: float = 8.0, *, inner: int = 3):
        super().__init__()
        self.rate, self.bound, self.inner = rate, bound, inner

    def init(self, energy: Energy, x: Tensor) -> State:
        if not energy.priors:
            raise refusal("NestedFISTA", "at least one prior, got none", energy)
        if "grad" not in energy.data.offers():
            raise refusal(
                "NestedFISTA", f"the gradient of the data term, {type(energy.data).__name__} has none", energy
            )
        for g, _ in energy.priors:
            if "prox" not in g.offers():
                raise refusal("NestedFISTA", f"the prox of every prior, {type(g).__name__} has none", energy)
        p = tuple(torch.zeros_like(D(x)) for _, D in energy.priors)
        return self.State(x, x, torch.zeros(x.shape[0], dtype=torch.int64, device=x.device), p)

    def forward(self, energy: Energy, s: State) -> State:
        rate = self.rate
        target = s.v - rate * energy.data.grad(s.v)
        p, length = s.p, 1 / (rate * self.bound)
        x = target - rate * _pull(energy, p)
        for _ in range(self.inner):
            ascended = []
            for (g, D), old in zip(energy.priors, p, strict=True):
                q = old + length * D(x)
                ascended.append(q - length * g.prox(q / length, 1 / length))  # prox of length g*, by Moreau
            p = tuple(ascended)
            x = target - rate * _pull(energy, p)
        k = s.k + 1
        momentum = ((k - 1) / (k + 3)).to(x.real.dtype)
        return self.State(x, x + per_item(momentum, x) * (x - s.x), k, p)

    @classmethod
    def specimens(cls) -> list["NestedFISTA"]:
        return [cls(rate=0.9, inner=4)]


def _pull(energy: Energy, p: tuple[Tensor, ...]) -> Tensor:
    """sum_i D_i^H p_i."""
    first, *others = (D.adjoint(v) for (_, D), v in zip(energy.priors, p, strict=True))
    return sum(others, start=first)
