"""`minimand train proximal-dehaze`: learn to take haze off."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def train_dehazing(
    network: str, data: Sequence[str], output: Path, *options: Any,
    licence: str, research: bool, resume: bool, json: bool, force: bool,
) -> None:  # fmt: skip
    """Learn from folders of scenes and write weights. options: those of the plan after data, in its order."""
    from minimand.commands.progress import training_progress
    from minimand.commands.training import as_typed, report
    from minimand.reconstruction.learn import check_run
    from minimand.systems.dehazing.learn import Plan, train

    plan = Plan(data, *options)
    checkpoint = check_run(output, resume=resume, force=force)
    done = train(
        plan, output, checkpoint,
        command=as_typed(), licence=licence, research=research, resume=resume, force=force, watch=training_progress,
    )  # fmt: skip
    report(done, output, network, plan.depth, checkpoint, heldout=False, json=json)
