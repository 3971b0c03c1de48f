"""`minimand train proximal-dehaze`: learn to take haze off."""

from typing import Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.training import Common, trains


@trains
def train_dehazing(
    common: Common,
    data: Annotated[
        list[str],
        Option(
            metavar="FOLDER",
            help="Scenes: clear pictures with their depth maps, or free-scenes, which come along; repeatable.",
        ),
    ],
    depth: Annotated[int, Option(metavar="N", help="Stages.", min=1)] = 1,
    steps: has.Steps = 4000,
    batch: has.Batch = 4,
    accumulate: has.Accumulate = 1,
    every: has.Every = 100,
    start: has.Start = None,
) -> None:
    """Learn to dehaze: `minimand train proximal-dehaze --data scenes/ --steps 3000 -o mine.safetensors`."""
    from minimand.systems.dehazing.learn import Plan, train

    run = common.begin(accumulate=accumulate)
    plan = Plan(data, depth, steps, batch, common.pace, common.seed, every, start)
    common.end_images(train(plan, run), run, "proximal-dehaze", depth)
