"""`minimand train`: learn a network from images."""

import shlex
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from minimand.commands.options import LARGEST_SEED, Force, Json


def train(
    network: Annotated[str, Argument(metavar="NETWORK", help="admm-net or admm-csnet.")],
    data: Annotated[
        list[str],
        Option(metavar="IMAGES", help="Images to learn from: FILE[:KEY][SLICE], folder or pattern; repeatable."),
    ],
    output: Annotated[Path, Option("-o", "--output", metavar="FILE", help="Weights to write, .safetensors.")],
    mask: Annotated[
        list[str] | None,
        Option(metavar="SPEC|FILE", help="radial:R, cartesian:R, random:R or FILE[:KEY]; repeatable, drawn in turn."),
    ] = None,
    operator: Annotated[
        list[str] | None,
        Option(metavar="SPEC", help="In place of --mask: hadamard:R, diffraction:R, ...; repeatable, drawn in turn."),
    ] = None,
    validate: Annotated[
        list[str] | None,
        Option(metavar="IMAGES", help="Images to choose the best step on [default: the last sixth of each --data]."),
    ] = None,
    test: Annotated[
        list[str] | None, Option(metavar="IMAGES", help="Images for figures on the card, never learned from.")
    ] = None,
    depth: Annotated[
        int | None, Option(metavar="N", help="Full stages [default: 9 of admm-net, 7 of admm-csnet].", min=1)
    ] = None,
    filters: Annotated[
        int | None, Option(metavar="N", help="Filters of a stage [default: 8 of admm-net, 32 of admm-csnet].", min=1)
    ] = None,
    size: Annotated[
        int | None, Option(metavar="N", help="Side of a filter, odd [default: 3 of admm-net, 5 of admm-csnet].", min=3)
    ] = None,
    self_supervised: Annotated[
        bool,
        Option(
            "--self-supervised",
            help="Learn without truth: --data are scans as they were measured, or, with --mask or --operator, images "
            "that are measured once; a part of each measurement is predicted from the rest.",
        ),
    ] = False,
    steps: Annotated[int, Option(metavar="N", help="Steps of Adam, one mini-batch each.", min=0)] = 4000,
    minutes: Annotated[
        float | None,
        Option(metavar="X", help="Instead of --steps: as many as fit, by the time of the first few.", min=0.01),
    ] = None,
    full: Annotated[
        int, Option(metavar="N", help="Rounds of five full-batch L-BFGS iterations afterwards.", min=0)
    ] = 0,
    batch: Annotated[int, Option(metavar="N", help="Images in a mini-batch.", min=1)] = 4,
    crop: Annotated[
        int | None, Option(metavar="N", help="Side of random squares to learn on [default: whole images].", min=16)
    ] = None,
    vary: Annotated[bool, Option("--vary", help="Also learn on images with signs and slow phases.")] = False,
    phase: Annotated[bool, Option("--phase", help="Every other mini-batch is complex, with slow phases.")] = False,
    complex_: Annotated[
        bool, Option("--complex", help="Learn complex images; real ones get smooth random phases.")
    ] = False,
    pace: Annotated[float, Option(metavar="X", help="Factor on all learning rates.", min=1e-6, max=1e6)] = 1.0,
    seed: Annotated[int, Option(metavar="N", help="Seed of everything random.", min=0, max=LARGEST_SEED)] = 0,
    every: Annotated[int, Option(metavar="N", help="Steps between validations.", min=1)] = 100,
    start: Annotated[
        str | None,
        Option("--from", metavar="NAME|FILE", help="Weights to start from; deeper stages repeat their last one."),
    ] = None,
    licence: Annotated[str, Option(metavar="TEXT", help="Terms of the training data, for the card.")] = "",
    research: Annotated[
        bool, Option("--research", help="Say on the card that the data were for research use.")
    ] = False,
    threads: Annotated[int | None, Option(metavar="N", help="CPU threads.", min=1)] = None,
    resume: Annotated[bool, Option("--resume", help="Go on from the checkpoint, bit for bit.")] = False,
    json: Json = False,
    force: Force = False,
) -> None:
    """Learn a network: `minimand train admm-csnet --data scans/ --mask radial:0.2 --minutes 10 -o mine.safetensors`.

    The weights of the best validation are written, with a card. Ctrl-C leaves a checkpoint beside the output; the same
    command with --resume goes on from there.
    """
    import torch

    from minimand.commands.console import count, note, print_json, typed
    from minimand.commands.progress import training_progress
    from minimand.io import InputError
    from minimand.kernels.threads import use as use_threads
    from minimand.reconstruction.learn import check_run
    from minimand.reconstruction.learn import train as run
    from minimand.reconstruction.methods import require_network
    from minimand.reconstruction.plan import Plan
    from minimand.systems.imaging.acquisition import acquisition as sensing
    from minimand.systems.mri.acquisition import acquisition as sampling

    require_network(network)
    if bool(mask) == bool(operator) and not (self_supervised and not mask):
        got = "both" if mask else "neither"
        raise InputError(f"train needs --mask (k-space of scans) or --operator (natural images), got {got}.")
    ways = sensing(operator) if operator else sampling(mask or [])
    if steps + full == 0 and minutes is None:
        raise InputError("--steps 0 --full 0: there is nothing to do; give at least one step.")
    checkpoint = check_run(output, resume=resume, force=force)
    if threads:
        torch.set_num_threads(threads)
        use_threads(threads)
    plan = Plan(
        data, mask or operator or (), validate or (), test or (), network, depth, filters, size, self_supervised,
        steps, minutes, full, batch, crop, vary, phase, complex_, pace, seed, every, start, free=bool(operator),
    )  # fmt: skip
    command = "minimand " + shlex.join(word for word in typed.get() if word not in ("--resume", "--force", "--json"))
    done = run(
        plan, ways, output,
        command=command, licence=licence, research=research, resume=resume, force=force,
        watch=training_progress,
    )  # fmt: skip
    if done.stopped:
        note(f"stopped at step {done.step} of {done.steps}; {checkpoint} keeps it: add --resume to go on")
        raise KeyboardInterrupt
    stages, heldout = plan.arguments["depth"], self_supervised and not (validate and (mask or operator))
    if json:
        best = {"validation_heldout" if heldout else "validation_psnr": done.best, "step": done.best_step}
        print_json({"output": str(output), "network": network, "depth": stages, **best})
    else:
        made = f"{network} with {count(stages, 'stage')}"
        what = "held-out measurements" if heldout else "validation"
        print(f"{output}: {made}, {what} {done.best:.3f} dB at step {done.best_step}")
