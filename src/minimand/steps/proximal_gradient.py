"""Proximal gradient steps: ISTA and, with momentum, FISTA."""

from typing import NamedTuple

import torch
from torch import Tensor

from minimand.algebra import per_item
from minimand.energy import Energy
from minimand.parameters import Positive
from minimand.step import Step
from minimand.steps.refusal import refusal
from minimand.term import Composed, Term


class ProximalGradient(Step):
    """x <- prox_{rate g}(x - rate grad data(x)): ISTA. Source: Beck and Teboulle (2009), eq. 1.4.

    rate: at most 1 / L, L the Lipschitz constant of the data's gradient (||A||^2); positive, learned when trained.
    Takes one prior, on x itself or on D x with D D^H = c I.
    """

    rate = Positive()

    class State(NamedTuple):
        x: Tensor  # (batch, *image)

    def __init__(self, rate: float = 1.0):
        super().__init__()
        self.rate = rate

    def init(self, energy: Energy, x: Tensor) -> State:
        _prior("ProximalGradient", energy)
        return self.State(x)

    def forward(self, energy: Energy, s: State) -> State:
        prior = _prior("ProximalGradient", energy)
        return self.State(prior.prox(s.x - self.rate * energy.data.grad(s.x), self.rate))

    @classmethod
    def specimens(cls) -> list["ProximalGradient"]:
        return [cls(rate=0.9)]


class FISTA(Step):
    """ISTA from an extrapolated point, v = x_k + (k - 1) / (k + 3) (x_k - x_{k-1}): energies fall like 1 / k^2.

    rate: at most 1 / L as in ProximalGradient. Source: Beck and Teboulle (2009), sec. 4, with the momentum of
    Chambolle and Dossal (2015), a = 3, whose iterates converge.
    """

    rate = Positive()

    class State(NamedTuple):
        x: Tensor  # (batch, *image)
        v: Tensor  # extrapolated point, shaped like x
        k: Tensor  # steps taken, (batch,), integers

    def __init__(self, rate: float = 1.0):
        super().__init__()
        self.rate = rate

    def init(self, energy: Energy, x: Tensor) -> State:
        _prior("FISTA", energy)
        return self.State(x, x, torch.zeros(x.shape[0], dtype=torch.int64, device=x.device))

    def forward(self, energy: Energy, s: State) -> State:
        prior = _prior("FISTA", energy)
        x = prior.prox(s.v - self.rate * energy.data.grad(s.v), self.rate)
        k = s.k + 1
        momentum = ((k - 1) / (k + 3)).to(x.real.dtype)
        return self.State(x, x + per_item(momentum, x) * (x - s.x), k)

    @classmethod
    def specimens(cls) -> list["FISTA"]:
        return [cls(rate=0.9)]


def _prior(name: str, energy: Energy) -> Term:
    """The one prior as a term of x with a prox. Raises TypeError where there is none such."""
    if len(energy.priors) != 1:
        raise refusal(name, f"exactly one prior, got {len(energy.priors)}", energy)
    if "grad" not in energy.data.offers():
        raise refusal(name, f"the gradient of the data term, {type(energy.data).__name__} has none", energy)
    prior = Composed(*energy.priors[0])
    if "prox" not in prior.offers():
        composed = f"{type(prior.term).__name__} composed with {type(prior.operator).__name__}"
        raise refusal(name, f"the prox of {composed}, which is not known", energy)
    return prior
