"""Power iteration: the direction in which an energy falls fastest, taken as the next point of the sphere."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from minimand.energy import Energy
from minimand.step import Step
from minimand.steps.refusal import refusal
from minimand.terms.assignment import Assignment, PairAffinity, TripleAffinity


class PowerIteration(Step):
    """x <- v / ||v||, v = -(gradient of the priors at x): v = K x of -1/2 x^T K x, and T x x / 2 of a third-order term.

    With affinities, which are not negative, x stays so and goes to the main eigenvector of the matrix or tensor, which
    says how sure each match is. Takes a data term that holds what the priors compare (Assignment; its cost is not
    looked at) and priors with a gradient. Source: Leordeanu and Hebert (2005); Duchenne et al. (2011), alg. 1.
    """

    class State(NamedTuple):
        x: Tensor  # matches on the unit sphere, (batch, left, right)

    def init(self, energy: Energy, x: Tensor) -> State:
        if not isinstance(energy.data, Assignment):
            raise refusal("PowerIteration", f"an Assignment as data, got {type(energy.data).__name__}", energy)
        if not energy.priors:
            raise refusal("PowerIteration", "an affinity as prior, got none", energy)
        return self.State(_unit(x))

    def forward(self, energy: Energy, s: State) -> State:
        slope = sum((D.adjoint(g.grad(D(s.x))) for g, D in energy.priors), start=torch.zeros_like(s.x))
        return self.State(_unit(-slope))

    @classmethod
    def specimens(cls) -> list["PowerIteration"]:
        return [cls()]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Energy, Any]:
        left, right = torch.randn(2, batch, 5, 2, dtype=torch.float64, generator=generator)
        data = Assignment(left, right)
        return data + PairAffinity(0.5) + TripleAffinity(0.5, nearest=10), data.even()


def _unit(x: Tensor) -> Tensor:
    return x / torch.linalg.vector_norm(x.flatten(1), dim=1)[:, None, None].clamp_min(1e-30)
