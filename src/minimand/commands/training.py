"""What the ways to train share: their common options, how a run begins, and the line at its end."""

import inspect
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from minimand.commands import train_options as has
from minimand.commands.options import Force, Json, Seed

if TYPE_CHECKING:
    from minimand.learning import Progress, Run


@dataclass(frozen=True)
class Common:
    """What every training is told beside what is its own."""

    output: has.Weights
    pace: has.Pace = 1.0
    seed: Seed = 0
    licence: has.Licence = ""
    research: has.Research = False
    threads: has.Threads = None
    resume: has.Resume = False
    json: Json = False
    force: Force = False

    def begin(self, *, unit: str = "dB", accumulate: int | None = None) -> "Run":
        """The run of the command as it was typed, with its progress on stderr, and threads, for torch and the compiled
        loops, set. unit: of the validation score. accumulate: mini-batches of a step, which the processes that torchrun
        started share; None: this training is for one. Raises InputError where there are more.
        """
        import torch

        from minimand.commands.console import typed
        from minimand.commands.progress import training_progress
        from minimand.io import InputError
        from minimand.kernels.threads import use
        from minimand.learning import Run
        from minimand.learning.team import join

        if self.threads:
            torch.set_num_threads(self.threads)
            use(self.threads)
        words = shlex.join(word for word in typed.get() if word not in ("--resume", "--force", "--json"))
        team = join()
        if accumulate is None and team.size > 1:
            raise InputError(f"minimand train {named()} runs in one process; start it without torchrun.")
        watch = partial(training_progress, unit=unit)
        return Run(
            self.output, f"minimand {words}", self.licence, self.research, self.resume, self.force, watch,
            accumulate or 1, team,
        )  # fmt: skip

    def end(self, done: "Progress", run: "Run", line: str, told: dict[str, Any]) -> None:
        """Say what came out, in a line or as JSON; where Ctrl-C stopped it, say how to go on and end as interrupted."""
        from minimand.commands.console import note, print_json

        if done.stopped:
            note(f"stopped at step {done.step} of {done.steps}; {run.checkpoint} keeps it: add --resume to go on")
            raise KeyboardInterrupt
        if self.json:
            print_json({"output": str(self.output), **told})
        else:
            print(f"{self.output}: {line}")

    def end_images(self, done: "Progress", run: "Run", network: str, depth: int, *, heldout: bool = False) -> None:
        """The same of a network of `depth` stages that makes images; heldout: chosen by held-out measurements."""
        from minimand.commands.console import count

        what = "held-out measurements" if heldout else "validation"
        best = {"validation_heldout" if heldout else "validation_psnr": done.best, "step": done.best_step}
        line = f"{network} with {count(depth, 'stage')}, {what} {done.best:.3f} dB at step {done.best_step}"
        self.end(done, run, line, {"network": network, "depth": depth, **best})


def trains(command: Callable[..., None]) -> Callable[..., None]:
    """The command for the command line: the options of `Common`, its first parameter, stand behind its own there."""
    _, *own = inspect.signature(command).parameters.values()
    shared = list(inspect.signature(Common).parameters.values())
    names = {parameter.name for parameter in shared}

    @wraps(command)
    def typed_command(**given: Any) -> None:
        common = Common(**{name: value for name, value in given.items() if name in names})
        command(common, **{name: value for name, value in given.items() if name not in names})

    every = sorted([*own, *shared], key=lambda parameter: parameter.default is not parameter.empty)
    typed_command.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    typed_command.__annotations__ = {parameter.name: parameter.annotation for parameter in every}
    return typed_command


def named() -> str:
    """The network that `minimand train NETWORK` names."""
    from minimand.commands.console import typed

    return str(typed.get()[1])
