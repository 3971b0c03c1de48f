"""`minimand train`: learn a network from images."""

import shlex

from minimand.commands import train_options as has
from minimand.commands.options import Force, Json, Seed


def train(
    network: has.Network,
    data: has.Data,
    output: has.Weights,
    mask: has.Masks = None,
    operator: has.Operators = None,
    validate: has.Validate = None,
    test: has.Test = None,
    depth: has.Depth = None,
    filters: has.Filters = None,
    size: has.Side = None,
    self_supervised: has.SelfSupervised = False,
    steps: has.Steps = 4000,
    minutes: has.Minutes = None,
    full: has.Full = 0,
    batch: has.Batch = 4,
    crop: has.Crop = None,
    vary: has.Vary = False,
    phase: has.Phase = False,
    complex_: has.Complex = False,
    pace: has.Pace = 1.0,
    seed: Seed = 0,
    every: has.Every = 100,
    start: has.Start = None,
    licence: has.Licence = "",
    research: has.Research = False,
    optimizee: has.Optimizees = None,
    horizon: has.Horizons = None,
    threads: has.Threads = None,
    resume: has.Resume = False,
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
    from minimand.commands.train_optimizer import train_optimizer
    from minimand.io import InputError
    from minimand.kernels.threads import use as use_threads
    from minimand.reconstruction.learn import check_run
    from minimand.reconstruction.learn import train as run
    from minimand.reconstruction.methods import require_network
    from minimand.reconstruction.plan import Plan
    from minimand.systems.imaging.acquisition import acquisition as sensing
    from minimand.systems.mri.acquisition import acquisition as sampling
    from minimand.systems.optimizers.rules import RULES

    command = "minimand " + shlex.join(word for word in typed.get() if word not in ("--resume", "--force", "--json"))
    if threads:
        torch.set_num_threads(threads)
        use_threads(threads)
    if network in RULES:
        has.refuse(network, {"--mask": mask, "--operator": operator, "--test": test, "--depth": depth, "--full": full})
        has.refuse(network, {"--minutes": minutes, "--crop": crop, "--self-supervised": self_supervised})
        train_optimizer(
            network, data, output, optimizees=optimizee, validate=validate, horizons=horizon, learners=batch,
            steps=steps, pace=pace, seed=seed, every=every, start=start, licence=licence, command=command,
            resume=resume, force=force, json=json,
        )  # fmt: skip
        return
    has.refuse(network, {"--optimizee": optimizee, "--horizon": horizon})
    require_network(network)
    if bool(mask) == bool(operator) and not (self_supervised and not mask):
        got = "both" if mask else "neither"
        raise InputError(f"train needs --mask (k-space of scans) or --operator (natural images), got {got}.")
    ways = sensing(operator) if operator else sampling(mask or [])
    if steps + full == 0 and minutes is None:
        raise InputError("--steps 0 --full 0: there is nothing to do; give at least one step.")
    checkpoint = check_run(output, resume=resume, force=force)
    plan = Plan(
        data, mask or operator or (), validate or (), test or (), network, depth, filters, size, self_supervised,
        steps, minutes, full, batch,
        has.side_lengths(crop) if crop else None, vary, phase, complex_, pace, seed, every, start, free=bool(operator),
    )  # fmt: skip
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
