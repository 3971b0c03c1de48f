"""`minimand train unet|cnn`: learn to label images without atlases."""

from pathlib import Path
from typing import Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.options import Force, Json, Seed


def train_direct(
    atlases: Annotated[
        Path, Option(metavar="FOLDER", help="Images of known labels: images/NAME.nii.gz with labels/NAME.nii.gz.")
    ],
    output: has.Weights,
    subject: Annotated[
        str,
        Option(metavar="PATTERN", help="Regular expression: the beginning of NAME that names the subject [all of it]."),
    ] = ".*",
    steps: has.Steps = 1000,
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
    """Learn to label images by themselves: `minimand train unet --atlases atlases/ -o mine.safetensors`.

    It is what label fusion is compared with: the same subjects learn and choose as with `train deep-fusion`.
    """
    from minimand.commands.console import print_json
    from minimand.commands.training import begin, end_if_stopped, named
    from minimand.systems.segmentation import learn_direct

    network = named()
    run = begin(output, licence, research, resume=resume, force=force, threads=threads, unit="%")
    plan = learn_direct.DirectPlan(network, str(atlases), subject, steps, pace, seed, every)
    done = learn_direct.train_direct(plan, run)
    end_if_stopped(done, run)
    if json:
        print_json({"output": str(output), "network": network, "validation_dice": done.best, "step": done.best_step})
    else:
        print(f"{output}: {network}, validation Dice {done.best:.2f} % at step {done.best_step}")
