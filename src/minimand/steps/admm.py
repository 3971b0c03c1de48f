"""The alternating direction method of multipliers."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from minimand.algebra import per_channel
from minimand.energy import Energy
from minimand.parameters import Positive
from minimand.step import Step
from minimand.steps.refusal import refusal


class ADMM(Step):
    """min_x data(x) + sum_i g_i(D_i x), split as z_i = D_i x. Source: Boyd et al. (2011), sec. 3.1.1.

    rho: penalty; relax: length of the multiplier step. Both positive, a number or one a channel of D_i x, learned when
    trained. Needs a data term with `minimise` (LeastSquares) and priors with a prox; converges for relax below
    (1 + sqrt 5) / 2.
    """

    rho = Positive()
    relax = Positive()

    class State(NamedTuple):
        x: Tensor  # image, (batch, *image)
        z: tuple[Tensor, ...]  # split variables D_i x
        u: tuple[Tensor, ...]  # scaled multipliers, shaped like z

    def __init__(self, rho: float | Tensor = 1.0, relax: float | Tensor = 1.0):
        super().__init__()
        self.rho = rho
        self.relax = relax

    def init(self, energy: Energy, x: Tensor) -> State:
        require_splitting("ADMM", energy)
        z = tuple(D(x) for _, D in energy.priors)
        return self.State(x, z, tuple(torch.zeros_like(v) for v in z))

    def forward(self, energy: Energy, s: State) -> State:
        data: Any = energy.data
        rho, relax = self.rho, self.relax
        targets = [(D, v - w, rho) for (_, D), v, w in zip(energy.priors, s.z, s.u, strict=True)]
        x = data.minimise(targets, s.x)  # (3.5)
        images = [D(x) for _, D in energy.priors]
        split = [(g, a, w) for (g, _), a, w in zip(energy.priors, images, s.u, strict=True)]
        z = tuple(g.prox(a + w, per_channel(1 / rho, a)) for g, a, w in split)  # (3.6)
        u = tuple(w + per_channel(relax, a) * (a - v) for (_, a, w), v in zip(split, z, strict=True))  # (3.7)
        return self.State(x, z, u)

    @classmethod
    def specimens(cls) -> list["ADMM"]:
        return [cls(rho=0.7), cls(rho=2.0, relax=1.4)]


def require_splitting(name: str, energy: Energy) -> None:
    """Raise TypeError unless the data term can minimise and every prior has a prox."""
    if not hasattr(energy.data, "minimise"):
        raise refusal(
            name, f"a data term that can minimise (LeastSquares can), got {type(energy.data).__name__}", energy
        )
    if not energy.priors:
        raise refusal(name, "at least one prior to split off, got none", energy)
    for g, _ in energy.priors:
        if "prox" not in g.offers():
            raise refusal(name, f"the prox of every prior, {type(g).__name__} has none", energy)
