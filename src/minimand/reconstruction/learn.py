"""The training run of a reconstruction network: from images on disk to weights with their card."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from minimand.io import Images, InputError, read_images
from minimand.learning import Progress, fit
from minimand.reconstruction.acquisition import Acquisition, Measure, fixed
from minimand.reconstruction.admm_net import ADMMNet
from minimand.reconstruction.compare import compare
from minimand.reconstruction.networks import deepen, load_network, rate
from minimand.reconstruction.phantoms import phantoms
from minimand.reconstruction.training import Reconstruct
from minimand.weights import check_weights, save_weights


@dataclass(frozen=True)
class Plan:
    """What to learn from and how; the options of `minimand train`."""

    data: Sequence[str]
    masks: Sequence[str]
    validate: Sequence[str] = ()
    test: Sequence[str] = ()
    depth: int = 9
    steps: int = 4000
    full: int = 0
    batch: int = 4
    crop: int | None = None
    vary: bool = False
    phase: bool = False
    pace: float = 1.0
    seed: int = 0
    every: int = 100
    start: str | None = None


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


def train_admm_net(
    plan: Plan,
    acquisition: Acquisition,
    output: Path,
    *,
    command: str,
    resume: bool = False,
    force: bool = False,
    licence: str = "",
    show: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Train an ADMM-Net as planned and write its weights; a checkpoint lies beside the output until the run is whole.

    acquisition: what `plan.masks` name. command: as typed, for the card; licence: terms of the data, likewise. The test
    images serve only for the figures on the card, beside TV's. Raises InputError for data or a start that do not fit.
    """
    checkpoint = check_run(output, resume=resume, force=force)
    torch.manual_seed(plan.seed)
    train, validation = load_split(plan)
    tests = {spec: read_images(spec) for spec in plan.test}
    _check_sizes(acquisition, train, validation, plan.crop)
    for images in tests.values():
        _check_sizes(acquisition, (), [torch.from_numpy(a) for a in images.arrays], None)
    net = ADMMNet(plan.depth)
    start: dict[str, Any] = {}
    if plan.start:
        source, start = load_network(plan.start)
        deepen(net, source)
    task = Reconstruct(train, validation, acquisition, plan.batch, plan.seed, plan.crop, plan.vary, plan.phase)
    before = task.validate(net)
    progress = fit(
        net, task, steps=plan.steps, full=plan.full, rate=lambda name: plan.pace * rate(name), every=plan.every,
        checkpoint=checkpoint, resume=resume, run=_run(plan, train), show=show,
    )  # fmt: skip
    if not progress.stopped:
        sizes = [(t.shape[0], t.shape[1]) for source in (*train, validation) for t in source]
        learned = {"command": command, "seed": plan.seed, "images": sum(map(len, train)), "licence": licence}
        scores = {
            "psnr_untrained": before,
            "psnr": progress.best,
            "step": progress.best_step,
            "images": len(validation),
        }
        rates = acquisition.rates(max(sizes))
        card = _card(plan, sizes, rates, {**learned, "from": _origin(start)}, {**scores, "history": progress.history})
        save_weights(output, {"name": output.stem, **card}, net.state_dict(), force=force)
        if tests:
            rows = [figures(spec, images, acquisition.trials, output) for spec, images in tests.items()]
            tested = [row for each in rows for row in each]
            save_weights(output, {"name": output.stem, **card, "tested": tested}, net.state_dict(), force=True)
        checkpoint.unlink(missing_ok=True)
    return progress


def load_split(plan: Plan) -> tuple[list[list[Tensor]], list[Tensor]]:
    """Sources of training images and validation images, real, float32, maximum 1.

    Without validation data the last sixth of each source; at most 64 validation images, evenly spread.
    """
    train, validation = [], [t for spec in plan.validate for t in training_images(spec)]
    for spec in plan.data:
        images = training_images(spec)
        keep = len(images) if plan.validate else len(images) - max(1, len(images) // 6)
        if keep < 1:
            raise InputError(f"{spec}: one image is too few to learn and to choose from; give more or --validate.")
        train.append(images[:keep])
        validation += images[keep:] if not plan.validate else []
    spread = np.linspace(0, len(validation) - 1, min(64, len(validation))).round().astype(int)
    return train, [validation[k] for k in spread]


def _run(plan: Plan, train: Sequence[Sequence[Tensor]]) -> dict[str, Any]:
    """What must not change when a run is resumed: every option but the images for figures, and how many images."""
    return {**asdict(plan), "test": None, "images": sum(map(len, train))}


def _check_sizes(
    acquisition: Acquisition, train: Sequence[Sequence[Tensor]], validation: Sequence[Tensor], crop: int | None
) -> None:
    """Raise InputError now, not in the middle of training, where an image cannot be measured so."""
    learned = {(t.shape[0], t.shape[1]) for source in train for t in source} if crop is None else {(crop, crop)}
    for size in learned | {(t.shape[0], t.shape[1]) for t in validation}:
        for trial in acquisition.trials.values():
            fixed(trial, torch.zeros(1, *size))


def training_images(spec: str) -> list[Tensor]:
    """Images of a file, folder or pattern, or `phantoms:COUNT` drawn with seed 0; real, float32, maximum 1."""
    if spec.startswith("phantoms:"):
        count = spec.removeprefix("phantoms:")
        if not count.isdecimal() or int(count) < 1:
            raise InputError(f"{spec}: write phantoms:COUNT with a count of 1 or more.")
        return phantoms(int(count), seed=0)
    return real_images(read_images(spec))


def real_images(images: Images) -> list[Tensor]:
    """Magnitudes at maximum 1."""
    return [torch.from_numpy(np.abs(a) / np.abs(a).max()).float() for a in images.arrays]


def figures(spec: str, images: Images, trials: Mapping[str, Measure], weights: Path) -> list[dict[str, Any]]:
    """Mean scores of a network, TV and zero-filling on test images measured in each way, for the card."""
    rows = []
    for text, trial in sorted(trials.items()):
        methods = ["zero-filled", "tv", "admm-net"]
        done = compare(images.arrays, trial, methods, weights=str(weights), network="admm-net")
        means = {name: {k: round(v, 4) for k, v in row.items()} for name, row in done.table().items()}
        rows.append({"images": spec, "count": len(images), "mask": text, **means})
    return rows


def _origin(start: dict[str, Any]) -> dict[str, Any] | None:
    """The training that a start came from, as its card tells it."""
    return start.get("training") or ({"command": start["command"]} if "command" in start else None)


def _card(
    plan: Plan,
    sizes: Sequence[tuple[int, int]],
    rates: Sequence[float],
    training: dict[str, Any],
    validation: dict[str, Any],
) -> dict[str, Any]:
    """suits: lowest and highest rate learned; sides: smallest and greatest side of an image learned or chosen on."""
    sampling = ", ".join(sorted(set(plan.masks)))
    return {
        "network": "admm-net",
        "summary": f"{plan.depth} stage{'s' * (plan.depth > 1)}, {sampling}; validation {validation['psnr']:.2f} dB",
        "arguments": {"depth": plan.depth},
        "sampling": sorted(set(plan.masks)),
        "suits": [min(rates), max(rates)],
        "sides": [min(map(min, sizes)), max(map(max, sizes))],
        "loss": "mean ||x - t|| / ||t||",
        "training": {**training, "data": list(plan.data)},
        "validation": {**validation, "data": list(plan.validate) or "the last sixth of each training set"},
        "versions": {"torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()},
    }
