"""The alternating direction method of multipliers with the data split off as well."""

from typing import NamedTuple

import torch
from torch import Tensor

from minimand.energy import Energy
from minimand.operator import Identity
from minimand.parameters import Positive
from minimand.step import Step
from minimand.steps.refusal import refusal
from minimand.terms import LeastSquares


class SplitADMM(Step):
    """min_x data(x) + sum_i g_i(D_i x), split as p = x and z_i = D_i x: no linear system couples A and D_i.

    For operators with A A^H = c I, whose prox is closed form while A^H A + rho D^H D has no inverse to write down; the
    x-update is one where the D_i are diagonal in Fourier space. Data of complex images with a real x are taken as
    those of real images, which spares a real operator its inner iterations. rho: penalty, about 20 times the weight of
    the prior; relax: over-relaxation, converges below 2. Both positive, learned when trained. Needs the prox of the
    data term and of every prior. Source: Afonso, Bioucas-Dias, Figueiredo (2011), sec. III (C-SALSA), with the
    over-relaxation of Eckstein and Bertsekas (1992).
    """

    rho = Positive()
    relax = Positive()

    class State(NamedTuple):
        x: Tensor  # image, (batch, *image)
        u: Tensor  # scaled multiplier of p = x
        w: tuple[Tensor, ...]  # scaled multipliers of z_i = D_i x

    def __init__(self, rho: float = 1.0, relax: float = 1.6):
        super().__init__()
        self.rho = rho
        self.relax = relax

    def init(self, energy: Energy, x: Tensor) -> State:
        if not energy.priors:
            raise refusal("SplitADMM", "at least one prior to split off, got none", energy)
        for term in (energy.data, *(g for g, _ in energy.priors)):
            if "prox" not in term.offers():
                raise refusal("SplitADMM", f"the prox of every term, {type(term).__name__} has none", energy)
        return self.State(x, torch.zeros_like(x), tuple(torch.zeros_like(D(x)) for _, D in energy.priors))

    def forward(self, energy: Energy, s: State) -> State:
        relax, t = self.relax, 1 / self.rho
        p = relax * energy.data.prox(s.x - s.u, t) + (1 - relax) * s.x + s.u
        targets = []
        for (g, D), w in zip(energy.priors, s.w, strict=True):
            image = D(s.x)
            targets.append((D, relax * g.prox(image - w, t) + (1 - relax) * image + w, 1.0))
        near = p.real if p.is_complex() and not s.x.is_complex() else p
        x = LeastSquares(Identity(), near).minimise(targets, s.x)
        return self.State(x, p - x, tuple(v - D(x) for D, v, _ in targets))

    @classmethod
    def specimens(cls) -> list["SplitADMM"]:
        return [cls(rho=0.7), cls(rho=2.0, relax=1.0)]
