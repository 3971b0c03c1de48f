"""Expectation maximisation: what is hidden is expected, then the rest is fitted to that."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from minimand.energy import Energy
from minimand.step import Step
from minimand.steps.refusal import refusal
from minimand.terms.gaussian_mixture import GaussianMixture, Gaussians


class EM(Step):
    """x <- argmax_x' E_q[log p(y, h | x')], then q <- p(h | y, x): one M-step and one E-step.

    Takes an energy that is a data term alone, -log p(y | x) with hidden h, which has `expect(x)` -> q and
    `maximise(q, x)` -> x: it never rises (GaussianMixture). With a term that holds a distribution over the parameters
    (VariationalMixture) the step is variational EM, and what never rises is minus the ELBO. maximise: a network in
    place of the closed M-step, called on (data, q, x): neural EM; then only what the network has learned is promised.
    Source: Dempster, Laird, Rubin (1977); Greff, van Steenkiste, Schmidhuber (2017), for networks.
    """

    class State(NamedTuple):
        x: Any  # parameters, each (batch, ...)
        q: Tensor  # what is expected of the hidden variables at x, (batch, ...)

    def __init__(self, maximise: nn.Module | None = None):
        super().__init__()
        self.network = maximise

    def init(self, energy: Energy, x: Any) -> State:
        for what in ("expect", "maximise") if self.network is None else ("expect",):
            if not hasattr(energy.data, what):
                raise refusal("EM", f"a data term with `{what}`, {type(energy.data).__name__} has none", energy)
        if energy.priors:
            raise refusal("EM", f"a data term alone, got {len(energy.priors)} priors", energy)
        data: Any = energy.data
        return self.State(x, data.expect(x))

    def forward(self, energy: Energy, s: State) -> State:
        data: Any = energy.data
        x = data.maximise(s.q, s.x) if self.network is None else self.network(data, s.q, s.x)
        return self.State(x, data.expect(x))

    @classmethod
    def specimens(cls) -> list["EM"]:
        return [cls()]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Energy, Gaussians]:
        data = GaussianMixture(torch.randn(batch, 12, 2, dtype=torch.float64, generator=generator))
        return Energy(data), data.example(batch, generator)
