"""What a training run works on: a task made of what its plan names."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from minimand.io import InputError
from minimand.learning import Task
from minimand.reconstruction import card
from minimand.reconstruction.acquisition import Acquisition, fixed
from minimand.reconstruction.images import CHOSEN, load_split, spread
from minimand.reconstruction.plan import Plan
from minimand.reconstruction.self_supervised import Judge, SelfSupervised, heldout_score
from minimand.reconstruction.training import Reconstruct, mean_psnr
from minimand.terms import LeastSquares


@dataclass(frozen=True)
class Job:
    """task: what is learned; sizes: of all images learned or chosen on; rates: share of measurements a pixel; learned,
    chosen: how many images; loss, score: in words (score: psnr or heldout, in dB).
    """

    task: Task
    sizes: list[tuple[int, int]]
    rates: list[float]
    learned: int
    chosen: int
    loss: str = card.LOSS
    score: str = "psnr"


def prepare(plan: Plan, acquisition: Acquisition) -> Job:
    """The job of a plan. Raises InputError for data that do not fit."""
    if plan.self_supervised:
        return without_truth(plan, acquisition)
    if not plan.sampling:
        raise ValueError("learning from images needs a way to measure them; name one.")
    train, validation = load_split(plan.data, plan.validate, complex_=plan.complex_)
    crop = {plan.crop} if plan.crop else {_size(t) for source in train for t in source}
    check_sizes(acquisition, crop | {_size(t) for t in validation})
    sizes = [_size(t) for source in (*train, validation) for t in source]
    task = Reconstruct(train, validation, acquisition, plan.batch, plan.seed, plan.crop, plan.vary, plan.phase)
    return Job(task, sizes, acquisition.rates(max(sizes)), sum(map(len, train)), len(validation))


def without_truth(plan: Plan, acquisition: Acquisition) -> Job:
    """From measurements, or from images that are measured once and then forgotten. Images to validate on keep their
    truth; without them, scans held back are judged by what is held out of them.
    """
    _check_options(plan)
    if plan.sampling:
        train, chosen, truths = _measured(plan, acquisition)
    else:
        train, chosen, truths = *_read(plan, acquisition), []
    judge: Judge = heldout_score(chosen, acquisition.split, plan.batch)
    if truths:
        judge = partial(mean_psnr, validation=truths, acquisition=acquisition, batch=plan.batch)
    groups = [*train, *chosen]
    sizes = [_size(group.items(slice(0, 1)).pulled()) for group in groups] + [_size(t) for t in truths]
    count = sum(len(group.y) for group in train)
    task = SelfSupervised(train, judge, acquisition.split, plan.batch, plan.seed)
    return Job(
        task, sizes, [share(group) for group in groups], count, len(truths) or sum(len(group.y) for group in chosen),
        loss=card.HELD_OUT, score="psnr" if truths else "heldout",
    )  # fmt: skip


def share(data: LeastSquares) -> float:
    """Numbers measured (other than 0) a pixel."""
    pixels = data.items(slice(0, 1)).pulled().numel() * len(data.y)
    return float((data.y != 0).sum()) / pixels


def check_sizes(acquisition: Acquisition, sizes: set[tuple[int, int]]) -> None:
    """Raise InputError now, not in the middle of training, where an image cannot be measured so."""
    for size in sorted(sizes):
        for trial in acquisition.trials.values():
            fixed(trial, torch.zeros(1, *size))


def _check_options(plan: Plan) -> None:
    """Raise InputError for options that make up images, which learning without truth has none of."""
    for name, asked in (("crop", plan.crop), ("vary", plan.vary), ("phase", plan.phase)):
        if asked:
            raise InputError(f"--self-supervised has no images to {name}; leave out --{name}.")
    if not plan.sampling and (plan.test or plan.complex_):
        name = "--test" if plan.test else "--complex"
        raise InputError(f"{name} is for images, --data without --mask or --operator are measurements; leave it out.")


def _measured(plan: Plan, acquisition: Acquisition) -> tuple[list[LeastSquares], list[LeastSquares], list[Tensor]]:
    """Images measured once: scans to learn from, scans to choose by, and images with truth to choose by instead."""
    sources, chosen = load_split(plan.data, plan.validate, complex_=plan.complex_)
    images = [t for source in sources for t in source]
    check_sizes(acquisition, {_size(t) for t in (*images, *chosen)})
    train = [fixed(acquisition.measure, group, plan.seed) for group in _alike(images)]
    if plan.validate:
        return train, [], chosen
    return train, [fixed(acquisition.measure, group, plan.seed + 1) for group in _alike(chosen)], []


def _read(plan: Plan, acquisition: Acquisition) -> tuple[list[LeastSquares], list[LeastSquares]]:
    """Measurements from files: all to learn from and those of `validate` to choose by, or the last sixth of each."""
    if acquisition.read is None:
        raise ValueError("this way of measuring has no files of measurements; name images and how to measure them.")
    train, chosen = [], [acquisition.read(spec) for spec in plan.validate]
    for spec in plan.data:
        scans = acquisition.read(spec)
        keep = len(scans.y) if plan.validate else len(scans.y) - max(1, len(scans.y) // 6)
        if keep < 1:
            raise InputError(f"{spec}: one scan is too few to learn and to choose from; give more or --validate.")
        train.append(scans.items(slice(0, keep)))
        if not plan.validate:
            chosen.append(scans.items(slice(keep, None)))
    most = max(1, CHOSEN // len(chosen))
    return train, [scans.items(torch.from_numpy(spread(len(scans.y), most))) for scans in chosen]


def _alike(images: Sequence[Tensor]) -> list[Tensor]:
    """Images stacked by size."""
    groups: dict[tuple[int, int], list[Tensor]] = {}
    for t in images:
        groups.setdefault(_size(t), []).append(t)
    return [torch.stack(group) for group in groups.values()]


def _size(image: Tensor) -> tuple[int, int]:
    return image.shape[-2], image.shape[-1]
