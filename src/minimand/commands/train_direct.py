"""`minimand train unet|cnn`: learn to label images without atlases."""

from pathlib import Path
from typing import Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.training import Common, named, trains


@trains
def train_direct(
    common: Common,
    atlases: Annotated[
        Path, Option(metavar="FOLDER", help="Images with labels: images/NAME.nii.gz, labels/NAME.nii.gz.")
    ],
    subject: Annotated[
        str,
        Option(metavar="PATTERN", help="Regular expression: the beginning of NAME that names the subject [all of it]."),
    ] = ".*",
    steps: has.Steps = 1000,
    every: has.Every = 100,
) -> None:
    """Learn to label images by themselves: `minimand train unet --atlases atlases/ -o mine.safetensors`.

    It is what label fusion is compared with: the same subjects learn and choose as with `train deep-fusion`.
    """
    from minimand.systems.segmentation import learn_direct

    network = named()
    run = common.begin(unit="%")
    plan = learn_direct.DirectPlan(network, str(atlases), subject, steps, common.pace, common.seed, every)
    done = learn_direct.train_direct(plan, run)
    line = f"{network}, validation Dice {done.best:.2f} % at step {done.best_step}"
    common.end(done, run, line, {"network": network, "validation_dice": done.best, "step": done.best_step})
