"""Steps: one iteration of an algorithm, a map from a state to the next."""

from abc import ABC, abstractmethod
from typing import Any, Self

import torch
from torch import nn

from minimand.energy import Energy


class Step(nn.Module, ABC):
    """One iteration. Owns its numbers, but no data, no loop and no stopping rule; changes nothing in place.

    State: a NamedTuple whose first field is x; every tensor in it has the batch as its leading axis.
    """

    State: type

    @abstractmethod
    def init(self, energy: Energy, x: Any) -> Any:
        """The state that starts at x. Raises TypeError for an energy it cannot handle, naming a step that can."""

    @abstractmethod
    def forward(self, energy: Energy, state: Any) -> Any:
        """The next state."""

    @classmethod
    def specimens(cls) -> list[Self]:
        """Instances of this class on which the laws are tested (none: the step needs more than numbers)."""
        return []

    def example(self, batch: int, generator: torch.Generator) -> tuple[Energy, Any] | None:
        """A random problem and a start, in double precision, for a step that takes energies of one kind only; None for
        a step that takes any energy whose terms offer enough: the laws have problems for those.
        """
        return None
