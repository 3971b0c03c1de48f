"""`minimand train deep-fusion`: learn to fuse the labels of atlases."""

from pathlib import Path
from typing import Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.options import Force, Json, Seed


def train_fusion(
    atlases: Annotated[
        Path, Option(metavar="FOLDER", help="Atlases: images/NAME.nii.gz with labels/NAME.nii.gz of the same names.")
    ],
    output: has.Weights,
    subject: Annotated[
        str,
        Option(metavar="PATTERN", help="Regular expression: the beginning of NAME that names the subject [all of it]."),
    ] = ".*",
    targets: Annotated[int, Option(metavar="N", help="Atlases to learn from, at most.", min=1)] = 90,
    count: Annotated[int, Option(metavar="N", help="Atlases registered to each: those most like it.", min=1)] = 10,
    draw: Annotated[int, Option(metavar="N", help="Atlases of a step, drawn among them.", min=1)] = 5,
    steps: has.Steps = 1000,
    accumulate: has.Accumulate = 1,
    pace: has.Pace = 1.0,
    seed: Seed = 0,
    every: has.Every = 100,
    licence: has.Licence = "",
    research: has.Research = False,
    threads: has.Threads = None,
    resume: has.Resume = False,
    json: Json = False,
    force: Force = False,
) -> None:
    """Learn label fusion: `minimand train deep-fusion --atlases atlases/ -o mine.safetensors`.

    Every atlas is in turn the target of the others, never of its own subject's; every fifth subject chooses the best
    step.
    """
    from minimand.commands.console import note, print_json
    from minimand.commands.training import begin, end_if_stopped
    from minimand.systems.segmentation.learn import Plan, train
    from minimand.systems.segmentation.network import NETWORK

    def tell(name: str, k: int, n: int) -> None:
        if k % 10 == 1:
            note(f"registering to {name} ({k} of {n})")

    run = begin(output, licence, research, resume=resume, force=force, threads=threads, accumulate=accumulate, unit="%")
    plan = Plan(str(atlases), subject, targets, count, draw, steps, pace, seed, every)
    done = train(plan, run, tell)
    end_if_stopped(done, run)
    if json:
        print_json({"output": str(output), "network": NETWORK, "validation_dice": done.best, "step": done.best_step})
    else:
        print(f"{output}: {NETWORK}, validation Dice {done.best:.2f} % at step {done.best_step}")
