"""`minimand train`: learn a network from images."""

from minimand.commands import train_options as has
from minimand.commands.options import Force, Json, Seed


def train(
    network: has.Network,
    data: has.Data,
    output: has.Weights,
    mask: has.Masks = None,
    operator: has.Operators = None,
    sigma: has.Sigma = None,
    validate: has.Validate = None,
    test: has.Test = None,
    depth: has.Depth = None,
    filters: has.Filters = None,
    size: has.Side = None,
    shared: has.Shared = False,
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
    from minimand.commands.train_dehazing import train_dehazing
    from minimand.commands.train_denoiser import train_denoiser
    from minimand.commands.train_network import train_network
    from minimand.commands.train_optimizer import train_optimizer
    from minimand.commands.training import as_typed, use
    from minimand.systems.optimizers.rules import RULES

    use(threads)
    kind = "optimizer" if network in RULES else has.KINDS.get(network, "reconstruction")
    has.refuse(network, kind, {
        "--mask": mask, "--operator": operator, "--sigma": sigma, "--validate": validate, "--test": test,
        "--depth": depth, "--filters": filters, "--size": size, "--shared": shared,
        "--self-supervised": self_supervised, "--minutes": minutes, "--full": full, "--crop": crop, "--vary": vary,
        "--phase": phase, "--complex": complex_, "--optimizee": optimizee, "--horizon": horizon,
    })  # fmt: skip
    window = has.side_lengths(crop) if crop else None
    if kind == "optimizer":
        train_optimizer(
            network, data, output, optimizees=optimizee, validate=validate, horizons=horizon, learners=batch,
            steps=steps, pace=pace, seed=seed, every=every, start=start, licence=licence, command=as_typed(),
            resume=resume, force=force, json=json,
        )  # fmt: skip
    elif kind == "denoiser":
        train_denoiser(
            network, data, output, sigma, validate or (), depth, filters, size, shared, steps, batch, window, pace,
            seed, every, start, licence=licence, research=research, resume=resume, json=json, force=force,
        )  # fmt: skip
    elif kind == "dehazer":
        train_dehazing(
            network, data, output, depth or 1, steps, batch, pace, seed, every, start,
            licence=licence, research=research, resume=resume, json=json, force=force,
        )  # fmt: skip
    else:
        train_network(
            network, data, output, mask, operator, validate or (), test or (), depth, filters, size, self_supervised,
            steps, minutes, full, batch, window, vary, phase, complex_, pace, seed, every, start,
            licence=licence, research=research, resume=resume, json=json, force=force,
        )  # fmt: skip
