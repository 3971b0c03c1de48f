"""`minimand train foe` and `minimand train dncnn`: learn a denoiser from clean pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def train_denoiser(
    network: str,
    data: Sequence[str],
    output: Path,
    sigma: float | None,
    *options: Any,
    licence: str,
    research: bool,
    resume: bool,
    json: bool,
    force: bool,
) -> None:
    """Learn and write weights. options: those of the plan after sigma, in its order."""
    from minimand.commands.progress import training_progress
    from minimand.commands.training import as_typed, report
    from minimand.io import InputError
    from minimand.reconstruction.learn import check_run
    from minimand.systems.restoration.learn import Plan, train

    if sigma is None:
        raise InputError(f"train {network} needs --sigma, the noise to take away, such as 25 (white being 255).")
    plan = Plan(network, data, sigma, *options)
    if plan.steps == 0:
        raise InputError("--steps 0: there is nothing to do; give at least one step.")
    checkpoint = check_run(output, resume=resume, force=force)
    done = train(
        plan, output,
        command=as_typed(), licence=licence, research=research, resume=resume, force=force, watch=training_progress,
    )  # fmt: skip
    report(done, output, network, plan.arguments["depth"], checkpoint, heldout=False, json=json)
