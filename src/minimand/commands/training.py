"""What the ways to train share: the command as it was typed, threads, and the line at the end."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minimand.learning import Progress


def as_typed() -> str:
    """The command for the card of what it makes."""
    from minimand.commands.console import typed

    return "minimand " + shlex.join(word for word in typed.get() if word not in ("--resume", "--force", "--json"))


def use(threads: int | None) -> None:
    """Let torch and the compiled loops use so many threads; None leaves them as they are."""
    import torch

    from minimand.kernels.threads import use as use_threads

    if threads:
        torch.set_num_threads(threads)
        use_threads(threads)


def report(
    done: "Progress", output: Path, network: str, depth: int, checkpoint: Path, *, heldout: bool, json: bool
) -> None:
    """Say what came out; where Ctrl-C stopped it, say how to go on and end as interrupted."""
    from minimand.commands.console import count, note, print_json

    if done.stopped:
        note(f"stopped at step {done.step} of {done.steps}; {checkpoint} keeps it: add --resume to go on")
        raise KeyboardInterrupt
    if json:
        best = {"validation_heldout" if heldout else "validation_psnr": done.best, "step": done.best_step}
        print_json({"output": str(output), "network": network, "depth": depth, **best})
    else:
        what = "held-out measurements" if heldout else "validation"
        made = f"{network} with {count(depth, 'stage')}"
        print(f"{output}: {made}, {what} {done.best:.3f} dB at step {done.best_step}")
