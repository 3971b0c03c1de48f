"""Half-quadratic splitting for the haze equation: dark channel, transmission and clear picture in turn."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.energy import Energy
from minimand.kernels.dark_channel import dark_channel, put_back
from minimand.parameters import Positive
from minimand.step import Step
from minimand.steps.refusal import refusal
from minimand.terms.haze import Haze, hazy_example
from minimand.terms.sparse import SquaredL2

FLOOR = 0.1  # the least transmission that is divided by
TINY = 1e-6

Image = Float[Tensor, "batch channel height width"]
Plane = Float[Tensor, "batch height width"]


class HazeSplitting(Step):
    """min over (Q, T) of data(Q, T) + g(D(Q)) + f(T), with U in place of D(Q) and gamma/2 ||U - D(Q)||^2 added.

    Takes `Haze` and two priors with a prox: g of the dark channel, then f of the transmission. alpha, beta: weights of
    the haze equation for pixels and for the dark channel (in place of those of the data term); gamma: penalty of the
    splitting. All positive, learned when trained. exact: the Q-update keeps the dark channel near U; without it the
    haze equation is solved for Q alone, as in every published network, dividing by a transmission of 0.1 at least.
    Source: Yang and Sun (2018), supplement, algorithm 1 and eq. 18.
    """

    alpha = Positive()
    beta = Positive()
    gamma = Positive()

    class State(NamedTuple):
        x: tuple[Tensor, Tensor]  # (Q, T): clear picture over airlight, transmission
        U: Tensor  # dark channel of Q, split off

    def __init__(self, alpha: float = 1.0, beta: float = 5.0, *, gamma: float = 1.0, exact: bool = False):
        super().__init__()
        self.alpha, self.beta, self.gamma = alpha, beta, gamma
        self.exact = exact

    def init(self, energy: Energy, x: Any) -> State:
        able = len(energy.priors) == 2 and all("prox" in g.offers() for g, _ in energy.priors)
        if not isinstance(energy.data, Haze) or not able:
            got = f"{type(energy.data).__name__} and {len(energy.priors)} priors"
            raise refusal("HazeSplitting", f"Haze and two priors with a prox, got {got}", energy)
        return self.State(x, dark_channel(x[0], energy.data.window)[0])

    def forward(self, energy: Energy, s: State) -> State:
        data: Any = energy.data
        (g, _), (f, _) = energy.priors
        P, Pd, (Q, T) = data.P, data.dark, s.x
        a, b, c = self.alpha, self.beta, self.gamma
        Qd, places = dark_channel(Q, data.window)
        U = g.prox((b * T * (Pd + T - 1) + c * Qd) / (b * T**2 + c), 1 / c)
        T_hat = (a * ((Q - 1) * (P - 1)).sum(1) + b * (U - 1) * (Pd - 1)) / (
            a * (Q - 1).square().sum(1) + b * (U - 1).square() + TINY
        )
        T = f.prox(T_hat, 1.0)
        if not self.exact:
            return self.State(((P - 1) / T.clamp_min(FLOOR)[:, None] + 1, T), U)
        wide, channels = T[:, None], P.shape[1]
        near, count = put_back(U, places, channels), put_back(torch.ones_like(U), places, channels)
        Q = (a * wide * (P + wide - 1) + c * near) / (a * wide**2 + c * count + TINY)  # eq. 18
        return self.State((Q, T), U)

    @classmethod
    def specimens(cls) -> list["HazeSplitting"]:
        return [cls(), cls(0.3, 2.0, gamma=3.0)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Energy, tuple[Image, Plane]]:
        P = hazy_example(batch, generator)
        return Haze(P, 3) + 0.5 * SquaredL2() + 0.02 * SquaredL2(), (P, torch.ones_like(P[:, 0]))
