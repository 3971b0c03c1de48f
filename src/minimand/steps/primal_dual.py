"""The primal-dual method of Chambolle and Pock."""

from typing import NamedTuple

import torch
from torch import Tensor

from minimand.energy import Energy
from minimand.parameters import Positive
from minimand.step import Step
from minimand.steps.refusal import refusal


class PrimalDual(Step):
    """min_x data(x) + sum_i g_i(D_i x) by proxes of both, no linear system in D.

    tau, sigma: primal and dual step lengths, positive, learned when trained; converges for tau sigma ||D||^2 <= 1,
    ||D||^2 the sum of ||D_i||^2 (8 for Gradient). Needs the prox of the data term and of every prior.
    Source: Chambolle and Pock (2011), alg. 1.
    """

    tau = Positive()
    sigma = Positive()

    class State(NamedTuple):
        x: Tensor  # image, (batch, *image)
        p: tuple[Tensor, ...]  # dual variables, shaped like D_i x

    def __init__(self, tau: float = 0.35, sigma: float = 0.35):
        super().__init__()
        self.tau = tau
        self.sigma = sigma

    def init(self, energy: Energy, x: Tensor) -> State:
        if not energy.priors:
            raise refusal("PrimalDual", "at least one prior, got none", energy)
        for term in (energy.data, *(g for g, _ in energy.priors)):
            if "prox" not in term.offers():
                raise refusal("PrimalDual", f"the prox of every term, {type(term).__name__} has none", energy)
        return self.State(x, tuple(torch.zeros_like(D(x)) for _, D in energy.priors))

    def forward(self, energy: Energy, s: State) -> State:
        tau, sigma = self.tau, self.sigma
        pull = sum((D.adjoint(p) for (_, D), p in zip(energy.priors, s.p, strict=True)), start=torch.zeros_like(s.x))
        x = energy.data.prox(s.x - tau * pull, tau)
        ahead = 2 * x - s.x
        p = []
        for (g, D), old in zip(energy.priors, s.p, strict=True):
            v = old / sigma + D(ahead)
            p.append(sigma * (v - g.prox(v, 1 / sigma)))  # prox of sigma g*, by Moreau
        return self.State(x, tuple(p))

    @classmethod
    def specimens(cls) -> list["PrimalDual"]:
        return [cls(tau=0.3, sigma=0.3)]
