"""The plan of a training run."""

from collections.abc import Sequence
from dataclasses import dataclass

from minimand.reconstruction.networks import arguments_of


@dataclass(frozen=True)
class Plan:
    """What to learn from and how; the options of `minimand train`. sampling: names of the ways of measuring; without
    one, data are measurements. free: ADMM-CSNet in the form for operators without a closed x-update.
    coils: of simulated coil data, at most; None: one that sees all alike.
    """

    data: Sequence[str]
    sampling: Sequence[str]
    validate: Sequence[str] = ()
    test: Sequence[str] = ()
    network: str = "admm-net"
    depth: int | None = None
    filters: int | None = None
    size: int | None = None
    self_supervised: bool = False
    steps: int = 4000
    minutes: float | None = None
    full: int = 0
    batch: int = 4
    crop: tuple[int, int] | None = None
    vary: bool = False
    phase: bool = False
    complex_: bool = False
    pace: float = 1.0
    seed: int = 0
    every: int = 100
    start: str | None = None
    free: bool = False
    coils: int | None = None

    @property
    def arguments(self) -> dict[str, int]:
        """What the network is built with."""
        usual = arguments_of(self.network, depth=self.depth, filters=self.filters, size=self.size)
        return {**usual, "free": True} if self.free and self.network == "admm-csnet" else usual
