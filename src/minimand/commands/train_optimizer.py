"""`minimand train hyperadam`, `rnnprop` and `dmoptimizer`: learn to optimize."""

from pathlib import Path
from typing import Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.training import Common, named, trains


@trains
def train_optimizer(
    common: Common,
    data: Annotated[Path, Option(metavar="FOLDER", help="The folder of MNIST's files.")],
    optimizee: Annotated[
        list[str] | None, Option(metavar="NAME", help="What to learn on, such as mlp-3-relu; repeatable.")
    ] = None,
    validate: Annotated[
        list[str] | None,
        Option(metavar="NAME[:STEPS]", help="Optimizees to choose the best step on, for 100 steps; repeatable."),
    ] = None,
    horizon: Annotated[
        list[int] | None, Option(metavar="N", help="Steps of an episode; repeatable, drawn in turn.")
    ] = None,
    block: Annotated[int, Option(metavar="N", help="Steps that are back-propagated as a whole.", min=1)] = 200,
    steps: Annotated[int, Option(metavar="N", help="Meta-updates.", min=0)] = 4000,
    batch: Annotated[int, Option(metavar="N", help="Learners at once, at most.", min=1)] = 4,
    every: has.Every = 100,
    start: has.Start = None,
) -> None:
    """Learn to optimize: `minimand train hyperadam --data mnist/ --steps 5000 --batch 1 -o mine.safetensors`."""
    from minimand.systems.optimizers.learn import HELD_OUT, HORIZONS, USUAL, MetaPlan, meta_train

    run = common.begin()
    plan = MetaPlan(
        named(), tuple(optimizee or USUAL), tuple(validate or HELD_OUT), tuple(horizon or HORIZONS),
        block, batch, steps=steps, pace=common.pace, seed=common.seed, every=every, start=start,
    )  # fmt: skip
    done = meta_train(plan, data, run)
    line = f"{plan.rule}, late losses {-done.best:.2f} dB at meta-update {done.best_step}"
    common.end(done, run, line, {"rule": plan.rule, "validation_db": done.best, "step": done.best_step})
