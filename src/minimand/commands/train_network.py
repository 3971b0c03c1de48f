"""`minimand train admm-net` and its like: learn to reconstruct images from measurements."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any


def train_network(
    network: str,
    data: Sequence[str],
    output: Path,
    mask: Sequence[str] | None,
    operator: Sequence[str] | None,
    validate: Sequence[str],
    test: Sequence[str],
    depth: int | None,
    filters: int | None,
    size: int | None,
    self_supervised: bool,
    steps: int,
    minutes: float | None,
    full: int,
    *options: Any,
    licence: str,
    research: bool,
    resume: bool,
    json: bool,
    force: bool,
) -> None:
    """Learn and write weights. options: those of the plan after full, in its order."""
    from minimand.commands.progress import training_progress
    from minimand.commands.training import as_typed, report
    from minimand.io import InputError
    from minimand.reconstruction.learn import check_run, train
    from minimand.reconstruction.methods import require_network
    from minimand.reconstruction.plan import Plan
    from minimand.systems.imaging.acquisition import acquisition as sensing
    from minimand.systems.mri.acquisition import acquisition as sampling

    require_network(network)
    if bool(mask) == bool(operator) and not (self_supervised and not mask):
        got = "both" if mask else "neither"
        raise InputError(f"train needs --mask (k-space of scans) or --operator (natural images), got {got}.")
    ways = sensing(operator) if operator else sampling(mask or [])
    if steps + full == 0 and minutes is None:
        raise InputError("--steps 0 --full 0: there is nothing to do; give at least one step.")
    checkpoint = check_run(output, resume=resume, force=force)
    plan = Plan(
        data, mask or operator or (), validate, test, network, depth, filters, size, self_supervised, steps, minutes,
        full, *options,
    )  # fmt: skip
    plan = replace(plan, free=bool(operator))
    done = train(
        plan, ways, output,
        command=as_typed(), licence=licence, research=research, resume=resume, force=force, watch=training_progress,
    )  # fmt: skip
    heldout = self_supervised and not (validate and (mask or operator))
    report(done, output, network, plan.arguments["depth"], checkpoint, heldout=heldout, json=json)
