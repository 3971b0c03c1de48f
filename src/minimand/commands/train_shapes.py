"""`minimand train st-net`: learn to find shapes again."""

from dataclasses import replace
from functools import partial
from typing import Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.training import Common, trains


@trains
def train_shapes(
    common: Common,
    data: Annotated[
        list[str],
        Option(metavar="FOLDER", help="Shapes: a folder whose sub-folders are classes, or a set; repeatable."),
    ],
    size: Annotated[int, Option(metavar="N", help="Numbers of the embedding.", min=1, max=256)] = 32,
    steps: has.Steps = 300,
    accumulate: has.Accumulate = 1,
    every: has.Every = 25,
    loss: Annotated[str, Option(metavar="NAME", help="triplet, contrastive or large-margin.")] = "triplet",
    views: Annotated[
        int,
        Option(metavar="N", help="Learn from N views of each shape, for scans from one side.", min=0, max=100),
    ] = 0,
) -> None:
    """Learn a metric of shapes: `minimand train st-net --data shapes/ -o mine.safetensors`.

    Every fifth class is for validation alone. With --views 12 it learns scans from one side, for `retrieve --partial`.
    """
    from minimand.commands.console import note, require_one_of
    from minimand.commands.progress import training_progress
    from minimand.systems.shapes.learn import Plan, train
    from minimand.systems.shapes.metric import LOSSES

    require_one_of("loss", loss, list(LOSSES))
    run = common.begin(accumulate=accumulate)
    run = replace(run, watch=partial(training_progress, unit="%"))
    note("looking up or computing the spectra")
    done = train(Plan(data, size, steps, common.pace, common.seed, every, loss, views), run)
    best = {"validation_first_tier": done.best, "step": done.best_step}
    line = f"st-net, first tier of new classes {done.best:.2f} % at step {done.best_step}"
    common.end(done, run, line, {"network": "st-net", "size": size, **best})
