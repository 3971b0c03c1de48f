"""A training run on disk: the weights it writes with their card, and the checkpoint beside them until it is whole."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from torch import nn

from minimand.io import InputError
from minimand.io.record import versions
from minimand.learning.fit import Progress, Task, Watch, fit, unwatched
from minimand.learning.team import Team
from minimand.weights import check_weights, save_weights
from minimand.weights.choice import RESEARCH


@runtime_checkable
class Plan(Protocol):
    """What a dataclass needs to be the plan of a run. pace: factor on all learning rates; every: steps between
    validations.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def steps(self) -> int: ...

    @property
    def pace(self) -> float: ...

    @property
    def every(self) -> int: ...


@dataclass(frozen=True)
class Run:
    """output: weights to write (.safetensors). command: as typed, for the card; licence: terms of the data, likewise;
    research: they are for research use. resume: go on from the checkpoint. force: replace what lies there.
    accumulate, team: as `fit` has them; only the first process of a team writes.
    """

    output: Path
    command: str = ""
    licence: str = ""
    research: bool = False
    resume: bool = False
    force: bool = False
    watch: Watch = unwatched
    accumulate: int = 1
    team: Team = Team()  # noqa: RUF009 - a value

    @property
    def checkpoint(self) -> Path:
        """The file that keeps an interrupted run."""
        return self.output.with_suffix(".checkpoint")

    def check(self) -> None:
        """Call this before long work. Raises InputError for an output that cannot be written, an interrupted run that
        would be lost (without `resume` or `force`), and `resume` where there is nothing to resume.
        """
        check_weights(self.output, self.force)
        if self.resume and not self.checkpoint.is_file():
            raise InputError(f"{self.checkpoint}: there is no checkpoint to resume from; start without --resume.")
        if self.checkpoint.exists() and not (self.resume or self.force):
            raise InputError(
                f"{self.checkpoint}: an interrupted run lies here; add --resume to go on with it, or --force to start "
                "anew."
            )

    def learn(self, net: nn.Module, task: Task, plan: Plan, rate: Callable[[str], float]) -> Progress:
        """`fit` as a plan says, all of which makes the run what it is. rate: of a parameter by its name."""
        return self.fit(
            net, task, asdict(plan), steps=plan.steps, rate=lambda name: plan.pace * rate(name), every=plan.every
        )

    def fit(
        self,
        net: nn.Module,
        task: Task,
        plan: Mapping[str, Any],
        *,
        steps: int,
        full: int = 0,
        rate: Callable[[str], float],
        every: int,
    ) -> Progress:
        """Learn `net` in place as `learning.fit` does, watched and with a checkpoint. plan: the options that make the
        run what it is; a resumed run must have the same.
        """
        if self.accumulate > 1:
            plan = {**plan, "accumulate": self.accumulate}
        with self.watch(steps + full) as show:
            return fit(
                net, task, steps=steps, full=full, rate=rate, every=every, checkpoint=self.checkpoint,
                resume=self.resume, run=plan, show=show, accumulate=self.accumulate, team=self.team,
            )  # fmt: skip

    def save(self, net: nn.Module, card: Mapping[str, Any]) -> None:
        """Write the weights with their card, to which name, versions and, under `training`, command and licence are
        added; the checkpoint goes.
        """
        if self.team.rank:
            return
        training = {"command": self.command, "licence": self.licence, **card["training"]}
        terms = {"terms": RESEARCH} if self.research else {}
        whole = {"name": self.output.stem, **card, "training": training, "versions": versions(), **terms}
        save_weights(self.output, whole, net.state_dict(), force=self.force)
        self.checkpoint.unlink(missing_ok=True)
