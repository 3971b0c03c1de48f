"""`minimand train deep-fusion`: learn to fuse the labels of atlases."""

from pathlib import Path
from typing import Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.training import Common, trains


@trains
def train_fusion(
    common: Common,
    atlases: Annotated[
        Path, Option(metavar="FOLDER", help="Images with labels: images/NAME.nii.gz, labels/NAME.nii.gz.")
    ],
    subject: Annotated[
        str,
        Option(metavar="PATTERN", help="Regular expression: the beginning of NAME that names the subject [all of it]."),
    ] = ".*",
    targets: Annotated[int, Option(metavar="N", help="Atlases to learn from, at most.", min=1)] = 90,
    count: Annotated[int, Option(metavar="N", help="Atlases registered to each: those most like it.", min=1)] = 10,
    draw: Annotated[int, Option(metavar="N", help="Atlases of a step, drawn among them.", min=1)] = 5,
    steps: has.Steps = 1000,
    accumulate: has.Accumulate = 1,
    every: has.Every = 100,
) -> None:
    """Learn label fusion: `minimand train deep-fusion --atlases atlases/ -o mine.safetensors`.

    Every atlas is in turn the target of the others, never of its own subject's; every fifth subject chooses the best
    step.
    """
    from minimand.commands.console import note
    from minimand.systems.segmentation.learn import Plan, train
    from minimand.systems.segmentation.network import NETWORK

    def tell(name: str, k: int, n: int) -> None:
        if k % 10 == 1:
            note(f"registering to {name} ({k} of {n})")

    run = common.begin(accumulate=accumulate, unit="%")
    plan = Plan(str(atlases), subject, targets, count, draw, steps, common.pace, common.seed, every)
    done = train(plan, run, tell)
    line = f"{NETWORK}, validation Dice {done.best:.2f} % at step {done.best_step}"
    common.end(done, run, line, {"network": NETWORK, "validation_dice": done.best, "step": done.best_step})
