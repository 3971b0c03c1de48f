"""Mean field: the labels of a random field, each as if the others were known by their probabilities alone."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from minimand.energy import Energy
from minimand.step import Step
from minimand.steps.refusal import refusal
from minimand.terms.random_field import Pairwise, Unary


class MeanField(Step):
    """Q <- argmin_Q' data(Q') + <grad of the priors at Q, Q'>, all pixels at once: softmax(U - mu K Q).

    Messages, compatibilities, unaries and softmax of Zheng et al. (2015), alg. 1; unrolled with learned compatibilities
    it is their CRF-RNN. All at once need not descend (`SweepingMeanField` does). Takes a data term with `minimise_with`
    (Unary) and priors with a gradient; starts from any Q, as a rule softmax(U).
    """

    class State(NamedTuple):
        x: Tensor  # probabilities, (batch, labels, height, width)

    def init(self, energy: Energy, x: Tensor) -> State:
        _require_field("MeanField", energy)
        return self.State(x)

    def forward(self, energy: Energy, s: State) -> State:
        return self.State(_update(energy, s.x))

    @classmethod
    def specimens(cls) -> list["MeanField"]:
        return [cls()]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Energy, Tensor]:
        return _example(batch, generator)


class SweepingMeanField(Step):
    """Mean field pixel by pixel, row by row: the energy never rises. One step is a sweep, with as many evaluations of
    the gradient as there are pixels, so for small images; takes what MeanField takes.
    """

    class State(NamedTuple):
        x: Tensor  # probabilities, (batch, labels, height, width)

    def init(self, energy: Energy, x: Tensor) -> State:
        _require_field("SweepingMeanField", energy)
        return self.State(x)

    def forward(self, energy: Energy, s: State) -> State:
        x, (height, width) = s.x, s.x.shape[-2:]
        for pixel in range(height * width):
            here = torch.arange(height * width, device=x.device).eq(pixel).reshape(height, width)
            x = torch.where(here, _update(energy, x), x)
        return self.State(x)

    @classmethod
    def specimens(cls) -> list["SweepingMeanField"]:
        return [cls()]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Energy, Tensor]:
        return _example(batch, generator)


def _update(energy: Energy, x: Tensor) -> Tensor:
    data: Any = energy.data
    slope = sum((D.adjoint(g.grad(D(x))) for g, D in energy.priors), start=torch.zeros_like(x))
    return data.minimise_with(slope)


def _require_field(name: str, energy: Energy) -> None:
    """Raise TypeError unless the energy is one of probabilities."""
    if not hasattr(energy.data, "minimise_with"):
        raise refusal(name, f"a data term with `minimise_with` (Unary), got {type(energy.data).__name__}", energy)
    for g, _ in energy.priors:
        if "grad" not in g.offers():
            raise refusal(name, f"the gradient of every prior, {type(g).__name__} has none", energy)


def _example(batch: int, generator: torch.Generator) -> tuple[Energy, Tensor]:
    """A small field of weak ties."""
    logits, picture = torch.randn(2, batch, 3, 3, 4, dtype=torch.float64, generator=generator)
    data = Unary(logits, picture)
    energy = data + Pairwise(3, 2.0, 0.5, radius=2, strength=0.2) + Pairwise(3, 1.5, radius=None, strength=0.1)
    return energy, torch.softmax(logits, 1)
