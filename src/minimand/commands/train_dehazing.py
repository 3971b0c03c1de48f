"""`minimand train proximal-dehaze`: learn to take haze off."""

from typing import Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.options import Force, Json, Seed


def train_dehazing(
    data: Annotated[
        list[str],
        Option(
            metavar="FOLDER",
            help="Scenes: clear pictures with their depth maps, or free-scenes, which come along; repeatable.",
        ),
    ],
    output: has.Weights,
    depth: Annotated[int, Option(metavar="N", help="Stages.", min=1)] = 1,
    steps: has.Steps = 4000,
    batch: has.Batch = 4,
    accumulate: has.Accumulate = 1,
    pace: has.Pace = 1.0,
    seed: Seed = 0,
    every: has.Every = 100,
    start: has.Start = None,
    licence: has.Licence = "",
    research: has.Research = False,
    threads: has.Threads = None,
    resume: has.Resume = False,
    json: Json = False,
    force: Force = False,
) -> None:
    """Learn to dehaze: `minimand train proximal-dehaze --data scenes/ --steps 3000 -o mine.safetensors`."""
    from minimand.commands.training import begin, report
    from minimand.systems.dehazing.learn import Plan, train

    run = begin(output, licence, research, resume=resume, force=force, threads=threads, accumulate=accumulate)
    plan = Plan(data, depth, steps, batch, pace, seed, every, start)
    report(train(plan, run), run, "proximal-dehaze", depth, json=json)
