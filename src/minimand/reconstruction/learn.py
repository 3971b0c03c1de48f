"""The training run of a reconstruction network: from images on disk to weights with their card."""

import time
from copy import deepcopy
from dataclasses import asdict, replace
from itertools import pairwise
from statistics import median
from typing import Any

import torch

from minimand.io import InputError, read_images
from minimand.learning import Progress, Run, Task, fit
from minimand.learning.checkpoint import load_checkpoint
from minimand.reconstruction import card
from minimand.reconstruction.acquisition import Acquisition
from minimand.reconstruction.jobs import check_sizes, prepare
from minimand.reconstruction.networks import Network, grow, load_network, make, rate
from minimand.reconstruction.plan import Plan

TIMED = 6  # steps that are run to see how many fit into a time


def train(plan: Plan, acquisition: Acquisition, run: Run) -> Progress:
    """Train a network as planned and write its weights.

    acquisition: what `plan.sampling` names. The test images serve only for the figures on the card, beside TV's. Raises
    InputError for data or a start that do not fit.
    """
    if plan.steps + plan.full == 0 and plan.minutes is None:
        raise InputError("--steps 0 --full 0: there is nothing to do; give at least one step.")
    run.check()
    torch.manual_seed(plan.seed)
    job = prepare(plan, acquisition)
    tests = {spec: read_images(spec) for spec in plan.test}
    check_sizes(acquisition, {a.shape for images in tests.values() for a in images.arrays})
    net, start = _begin(plan)
    before = job.task.validate(net)
    plan = timed(plan, net, job.task, run)
    progress = run.fit(
        net, job.task, {**asdict(plan), "test": None, "images": job.learned}, steps=plan.steps, full=plan.full,
        rate=lambda name: plan.pace * rate(plan.network, name), every=plan.every,
    )  # fmt: skip
    if progress.stopped:
        return progress
    whole = card.describe(
        plan.network, plan.arguments, plan.sampling, job.rates, job.sizes, loss=job.loss,
        training={
            "seed": plan.seed, "images": job.learned, "from": card.origin(start), "data": list(plan.data),
            **({"phases": card.PHASES} if plan.complex_ or plan.phase else {}),
            **({"coils": f"simulated, up to {plan.coils} on a ring around the image"} if plan.coils else {}),
        },
        validation={
            f"{job.score}_untrained": before, job.score: progress.best, "step": progress.best_step,
            "images": job.chosen, "history": progress.history,
            "data": list(plan.validate) or "the last sixth of each training set",
        },
    )  # fmt: skip
    run.save(net, whole)
    if tests and run.team.rank == 0:  # once more, with figures
        rows = [card.figures(plan.network, spec, images, acquisition, run.output) for spec, images in tests.items()]
        replace(run, force=True).save(net, {**whole, "tested": [row for each in rows for row in each]})
    return progress


def timed(plan: Plan, net: Network, task: Task, run: Run) -> Plan:
    """The plan with the steps that fit into its minutes, validations included: measured once, on a copy of the network,
    and kept in the checkpoint, so that a resumed run has the same.
    """
    if plan.minutes is None:
        return plan
    if run.resume:
        steps = load_checkpoint(run.checkpoint).get("run", {}).get("steps")
        return replace(plan, steps=steps) if isinstance(steps, int) else plan
    marks: list[float] = []
    fit(
        deepcopy(net), task, steps=TIMED, rate=lambda name: rate(plan.network, name), every=TIMED,
        show=lambda progress: marks.append(time.perf_counter()), accumulate=run.accumulate, team=run.team,
    )  # fmt: skip
    *each, last = [after - before for before, after in pairwise(marks)]  # without the first one, which may compile
    step = median(each)
    seconds = run.team.first(lambda: step + max(last - step, 0) / plan.every)  # the last one has a validation
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
