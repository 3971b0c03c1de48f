"""`minimand train hyperadam`, `rnnprop` and `dmoptimizer`: learn to optimize."""

from pathlib import Path
from typing import Annotated

from typer import Option

from minimand.commands import train_options as has
from minimand.commands.options import Force, Json, Seed


def train_optimizer(
    data: Annotated[Path, Option(metavar="FOLDER", help="The folder of MNIST's files.")],
    output: has.Weights,
    optimizee: Annotated[
        list[str] | None, Option(metavar="NAME", help="What to learn on, such as mlp-3-relu; repeatable.")
    ] = None,
    validate: Annotated[
        list[str] | None, Option(metavar="NAME", help="Optimizees to choose the best step on; repeatable.")
    ] = None,
    horizon: Annotated[
        list[int] | None, Option(metavar="N", help="Steps of an episode; repeatable, drawn in turn.")
    ] = None,
    block: Annotated[int, Option(metavar="N", help="Steps that are back-propagated as a whole.", min=1)] = 200,
    steps: Annotated[int, Option(metavar="N", help="Meta-updates.", min=0)] = 4000,
    batch: Annotated[int, Option(metavar="N", help="Learners at once, at most.", min=1)] = 4,
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
    """Learn to optimize: `minimand train hyperadam --data mnist/ --steps 5000 --batch 1 -o mine.safetensors`."""
    from minimand.commands.console import print_json
    from minimand.commands.training import begin, end_if_stopped, named
    from minimand.systems.optimizers.learn import HELD_OUT, HORIZONS, USUAL, MetaPlan, meta_train

    run = begin(output, licence, research, resume=resume, force=force, threads=threads)
    plan = MetaPlan(
        named(), tuple(optimizee or USUAL), tuple(validate or HELD_OUT), tuple(horizon or HORIZONS),
        block, batch, steps=steps, pace=pace, seed=seed, every=every, start=start,
    )  # fmt: skip
    done = meta_train(plan, data, run)
    end_if_stopped(done, run)
    if json:
        print_json({"output": str(output), "rule": plan.rule, "validation_db": done.best, "step": done.best_step})
    else:
        print(f"{output}: {plan.rule}, late losses {-done.best:.2f} dB at meta-update {done.best_step}")
