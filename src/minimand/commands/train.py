"""`minimand train`: learn a network from images."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def train(
    network: Annotated[str, Argument(help="admm-net")],
    data: Annotated[list[str], Option(help="Images to learn from: FILE[:KEY][SLICE], folder or pattern; repeatable.")],
    mask: Annotated[list[str], Option(help="Sampling: radial:R, cartesian:R, random:R or FILE[:KEY]; repeatable.")],
    output: Annotated[Path, Option("-o", "--output", help="Weights to write, .safetensors.")],
    validate: Annotated[
        list[str] | None, Option(help="Images to choose on (default: the last sixth of each --data).")
    ] = None,
    test: Annotated[list[str] | None, Option(help="Images for figures on the card, never learned from.")] = None,
    depth: Annotated[int, Option(help="Full stages.", min=1)] = 9,
    steps: Annotated[int, Option(help="Steps of Adam, one mini-batch each.", min=0)] = 4000,
    full: Annotated[int, Option(help="Rounds of five full-batch L-BFGS iterations afterwards.", min=0)] = 0,
    batch: Annotated[int, Option(help="Images in a mini-batch.", min=1)] = 4,
    crop: Annotated[
        int | None, Option(help="Side of random squares to learn on; whole images without.", min=16)
    ] = None,
    vary: Annotated[bool, Option(help="Also learn on images with signs and slow phases.")] = False,
    phase: Annotated[bool, Option(help="Every other mini-batch is complex, with slow phases.")] = False,
    pace: Annotated[float, Option(help="Factor on all learning rates.", min=1e-6)] = 1.0,
    seed: Annotated[int, Option(help="Seed of everything random.")] = 0,
    every: Annotated[int, Option(help="Steps between validations.", min=1)] = 100,
    start: Annotated[
        str | None, Option("--from", help="Weights to start from; a deeper network repeats their last stage.")
    ] = None,
    licence: Annotated[str, Option(help="Terms of the training data, for the card.")] = "",
    threads: Annotated[int | None, Option(help="CPU threads.", min=1)] = None,
    resume: Annotated[bool, Option(help="Go on from the checkpoint beside the output, bit for bit.")] = False,
    force: Annotated[bool, Option(help="Replace an existing output.")] = False,
) -> None:
    """Learn a network from images: `minimand train admm-net --data scans/ --mask radial:0.2 -o mine.safetensors`.

    Ctrl-C saves a checkpoint beside the output; the same command with --resume goes on from there.
    """
    import torch

    from minimand.commands.progress import training_progress
    from minimand.io import check_output
    from minimand.systems.mri.learn import Plan, train_admm_net
    from minimand.systems.mri.methods import require_network

    require_network(network)
    check_output(output, force)
    if threads:
        torch.set_num_threads(threads)
    plan = Plan(
        data, mask, validate or (), test or (), depth, steps, full, batch, crop, vary, phase, pace, seed, every, start
    )
    command = "minimand " + shlex.join(a for a in sys.argv[1:] if a not in ("--resume", "--force"))
    with training_progress(steps + full) as show:
        done = train_admm_net(plan, output, command=command, licence=licence, resume=resume, force=force, show=show)
    if done.stopped:
        print(f"{output.with_suffix('.checkpoint')}: stopped at step {done.step}; go on with --resume", file=sys.stderr)
        raise KeyboardInterrupt
    print(f"{output}: {network} with {depth} stages, validation {done.best:.3f} dB at step {done.best_step}")
