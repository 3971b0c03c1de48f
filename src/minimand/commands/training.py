"""What the ways to train share: how a run begins, and the line at its end."""

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minimand.learning import Progress, Run


def begin(
    output: Path, licence: str, research: bool, *, resume: bool, force: bool, threads: int | None, unit: str = "dB",
    accumulate: int | None = None,
) -> "Run":  # fmt: skip
    """The run of the command as it was typed, with its progress on stderr. threads: for torch and the compiled loops;
    None leaves them as they are. unit: of the validation score. accumulate: mini-batches of a step, which the processes
    that torchrun started share; None: this training is for one. Raises InputError where there are more.
    """
    import torch

    from minimand.commands.console import typed
    from minimand.commands.progress import training_progress
    from minimand.io import InputError
    from minimand.kernels.threads import use
    from minimand.learning import Run
    from minimand.learning.team import join

    if threads:
        torch.set_num_threads(threads)
        use(threads)
    words = shlex.join(word for word in typed.get() if word not in ("--resume", "--force", "--json"))
    team = join()
    if accumulate is None and team.size > 1:
        raise InputError(f"minimand train {named()} runs in one process; start it without torchrun.")
    watch = partial(training_progress, unit=unit)
    return Run(output, f"minimand {words}", licence, research, resume, force, watch, accumulate or 1, team)


def named() -> str:
    """The network that `minimand train NETWORK` names."""
    from minimand.commands.console import typed

    return str(typed.get()[1])


def end_if_stopped(done: "Progress", run: "Run") -> None:
    """Where Ctrl-C stopped it, say how to go on and end as interrupted."""
    from minimand.commands.console import note

    if done.stopped:
        note(f"stopped at step {done.step} of {done.steps}; {run.checkpoint} keeps it: add --resume to go on")
        raise KeyboardInterrupt


def report(
    done: "Progress", run: "Run", network: str, depth: int, *, heldout: bool = False, json: bool = False
) -> None:
    """Say what came out, unless it was stopped."""
    from minimand.commands.console import count, print_json

    end_if_stopped(done, run)
    if json:
        best = {"validation_heldout" if heldout else "validation_psnr": done.best, "step": done.best_step}
        print_json({"output": str(run.output), "network": network, "depth": depth, **best})
    else:
        what = "held-out measurements" if heldout else "validation"
        made = f"{network} with {count(depth, 'stage')}"
        print(f"{run.output}: {made}, {what} {done.best:.3f} dB at step {done.best_step}")
