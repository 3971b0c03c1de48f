"""The training run of a reconstruction network: from images on disk to weights with their card."""

import time
from copy import deepcopy
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import torch

from minimand.io import Images, InputError, read_images
from minimand.learning import Progress, Task, Watch, fit, unwatched
from minimand.learning.checkpoint import load_checkpoint
from minimand.reconstruction import card
from minimand.reconstruction.acquisition import Acquisition
from minimand.reconstruction.jobs import check_sizes, prepare
from minimand.reconstruction.networks import Network, grow, load_network, make, rate
from minimand.reconstruction.plan import Plan
from minimand.weights import check_weights, save_weights
from minimand.weights.choice import RESEARCH

TIMED = 6  # steps that are run to see how many fit into a time


def check_run(output: Path, *, resume: bool = False, force: bool = False) -> Path:
    """The checkpoint of a run, if its weights can be written and what lies there is meant. Call this before long work.

    Raises InputError for an output that cannot be written, an interrupted run that would be lost (without `resume` or
    `force`), and `resume` where there is nothing to resume.
    """
    check_weights(output, force)
    checkpoint = output.with_suffix(".checkpoint")
    if resume and not checkpoint.is_file():
        raise InputError(f"{checkpoint}: there is no checkpoint to resume from; start without --resume.")
    if checkpoint.exists() and not (resume or force):
        raise InputError(
            f"{checkpoint}: an interrupted run lies here; add --resume to go on with it, or --force to start anew."
        )
    return checkpoint


def train(
    plan: Plan,
    acquisition: Acquisition,
    output: Path,
    *,
    command: str,
    resume: bool = False,
    force: bool = False,
    licence: str = "",
    research: bool = False,
    watch: Watch = unwatched,
) -> Progress:
    """Train a network as planned and write its weights; a checkpoint lies beside the output until the run is whole.

    acquisition: what `plan.sampling` names. command: as typed, for the card; licence: terms of the data, likewise;
    research: they are for research use. The test images serve only for the figures on the card, beside TV's. Raises
    InputError for data or a start that do not fit.
    """
    checkpoint = check_run(output, resume=resume, force=force)
    torch.manual_seed(plan.seed)
    job = prepare(plan, acquisition)
    tests = {spec: read_images(spec) for spec in plan.test}
    check_sizes(acquisition, {a.shape for images in tests.values() for a in images.arrays})
    net, start = _begin(plan)
    before = job.task.validate(net)
    plan = timed(plan, net, job.task, checkpoint if resume else None)
    run = {**asdict(plan), "test": None, "images": job.learned}
    with watch(plan.steps + plan.full) as show:
        progress = fit(
            net, job.task, steps=plan.steps, full=plan.full, rate=lambda name: plan.pace * rate(plan.network, name),
            every=plan.every, checkpoint=checkpoint, resume=resume, run=run, show=show,
        )  # fmt: skip
    if progress.stopped:
        return progress
    whole = card.describe(
        plan.network, plan.arguments, plan.sampling, job.rates, job.sizes, loss=job.loss,
        training={
            "command": command, "seed": plan.seed, "images": job.learned, "licence": licence,
            "from": card.origin(start), "data": list(plan.data),
            **({"phases": card.PHASES} if plan.complex_ or plan.phase else {}),
        },
        validation={
            f"{job.score}_untrained": before, job.score: progress.best, "step": progress.best_step,
            "images": job.chosen, "history": progress.history,
            "data": list(plan.validate) or "the last sixth of each training set",
        },
    )  # fmt: skip
    whole = {**whole, "terms": RESEARCH} if research else whole
    _save(output, {"name": output.stem, **whole}, net, plan.network, tests, acquisition, force)
    checkpoint.unlink(missing_ok=True)
    return progress


def timed(plan: Plan, net: Network, task: Task, checkpoint: Path | None) -> Plan:
    """The plan with the steps that fit into its minutes, validations included: measured once, on a copy of the network,
    and kept in the checkpoint, so that a resumed run has the same.
    """
    if plan.minutes is None:
        return plan
    if checkpoint is not None:
        steps = load_checkpoint(checkpoint).get("run", {}).get("steps")
        return replace(plan, steps=steps) if isinstance(steps, int) else plan
    marks: list[float] = []
    fit(
        deepcopy(net), task, steps=TIMED, rate=lambda name: rate(plan.network, name), every=TIMED,
        show=lambda progress: marks.append(time.perf_counter()),
    )  # fmt: skip
    *steps, last = [after - before for before, after in pairwise(marks)]  # without the first one, which may compile
    step = median(steps)
    seconds = step + max(last - step, 0) / plan.every  # the last one has a validation
    return replace(plan, steps=max(1, int(60 * plan.minutes / seconds)))


def _begin(plan: Plan) -> tuple[Network, dict[str, Any]]:
    """The network to train, and the card of what it starts from."""
    net = make(plan.network, plan.arguments)
    if plan.start is None:
        return net, {}
    source, start = load_network(plan.start)
    if start["network"] != plan.network:
        raise InputError(f"{plan.start}: is {start['network']}, not {plan.network}; leave out --from.")
    grow(net, source)
    return net, start


def _save(
    output: Path,
    whole: dict[str, Any],
    net: Network,
    network: str,
    tests: dict[str, Images],
    acquisition: Acquisition,
    force: bool,
) -> None:
    """Weights and card; then, with figures on test images, once more."""
    save_weights(output, whole, net.state_dict(), force=force)
    rows = [card.figures(network, spec, images, acquisition, output) for spec, images in tests.items()]
    if rows:
        tested = [row for each in rows for row in each]
        save_weights(output, {**whole, "tested": tested}, net.state_dict(), force=True)
