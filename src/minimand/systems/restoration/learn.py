"""The training run of a denoising network: from pictures on disk to weights with their card."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from minimand.io import InputError, read_images
from minimand.learning import Progress, Run
from minimand.reconstruction.denoisers import USUAL, Denoiser, build, make, rate
from minimand.reconstruction.images import CHOSEN, DRAWN, spread, training_images
from minimand.reconstruction.white import white_levels
from minimand.systems.restoration.training import Denoise
from minimand.terms.nonlocal_experts import wider
from minimand.weights import load_weights

LOSS = "mean over windows of ||x - t|| / ||noise||"
CROP = (64, 64)
FIRST = re.compile(r"stages\.\d+\.")


@dataclass(frozen=True)
class Plan:
    """What to learn from and how; the options of `minimand train foe|nlr-mrf|dncnn`. sigma: the noise, least and most,
    white being 255.
    """

    network: str
    data: Sequence[str]
    sigma: tuple[float, float]
    validate: Sequence[str] = ()
    depth: int | None = None
    filters: int | None = None
    size: int | None = None
    shared: bool = False
    steps: int = 4000
    batch: int = 4
    crop: tuple[int, int] | None = None
    pace: float = 1.0
    seed: int = 0
    every: int = 100
    start: str | None = None
    bfloat16: bool = False
    group: int | None = None
    points: int | None = None
    local: int | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """What the network is built with."""
        usual = {
            key: number if getattr(self, key) is None else getattr(self, key)
            for key, number in USUAL[self.network].items()
        }
        return {**usual, "shared": True} if self.shared else usual


def train(plan: Plan, run: Run) -> Progress:
    """Train a denoiser as planned and write its weights. Raises InputError for data or a start that do not fit."""
    if plan.steps == 0:
        raise InputError("--steps 0: there is nothing to do; give at least one step.")
    run.check()
    torch.manual_seed(plan.seed)
    learned, chosen = split(plan.data, plan.validate)
    task = Denoise(learned, chosen, plan.sigma, plan.batch, plan.crop or CROP, plan.seed, plan.bfloat16)
    net, origin = _begin(plan)
    before = task.validate(net)
    progress = run.fit(
        net, task, {**asdict(plan), "images": len(learned)}, steps=plan.steps,
        rate=lambda name: plan.pace * rate(name), every=plan.every,
    )  # fmt: skip
    if progress.stopped:
        return progress
    least, most = plan.sigma
    noise = f"noise of {f'{least:g} to ' * (least < most)}{most:g} of 255"
    sides = [n for image in (*learned, *chosen) for n in image.shape]
    run.save(net, {
        "network": plan.network, "arguments": plan.arguments,
        "sigma": most if least == most else [least, most],
        "summary": f"{plan.arguments['depth']} stages, {noise}; validation {progress.best:.2f} dB",
        "sides": [min(sides), max(sides)], "loss": LOSS,
        "training": {"seed": plan.seed, "images": len(learned), "from": origin, "data": list(plan.data)},
        "validation": {
            "psnr_untrained": before, "psnr": progress.best, "step": progress.best_step, "images": len(chosen),
            "history": progress.history, "data": list(plan.validate) or "the last sixth of each training set",
        },
    })  # fmt: skip
    return progress


def split(data: Sequence[str], validate: Sequence[str]) -> tuple[list[Tensor], list[Tensor]]:
    """Pictures to learn from and to choose by, in grey levels where white is 255; without `validate` the last sixth of
    each source, at most 64.
    """
    learned, chosen = [], [t for spec in validate for t in _pictures(spec)]
    for spec in data:
        images = _pictures(spec)
        keep = len(images) if validate else len(images) - max(1, len(images) // 6)
        if keep < 1:
            raise InputError(f"{spec}: one picture is too few to learn and to choose from; give more or --validate.")
        learned += images[:keep]
        chosen += images[keep:]
    return learned, [chosen[k] for k in spread(len(chosen), CHOSEN)]


def _pictures(spec: str) -> list[Tensor]:
    """Those of files, or made ones, as `training_images` names them."""
    if spec == "free-pictures" or spec.partition(":")[0] in DRAWN:
        return [255 * t for t in training_images(spec)]
    images = read_images(spec)
    return [
        torch.from_numpy(255 / white * a).float() for a, white in zip(images.arrays, white_levels(images), strict=True)
    ]


def _begin(plan: Plan) -> tuple[Denoiser, dict[str, Any] | None]:
    """The network to train, and the training that what it starts from came from."""
    net = make(plan.network, plan.arguments)
    if plan.start is None:
        return net, None
    start = load_weights(plan.start)
    source, target = build(start).state_dict(), net.state_dict()
    for name in target:
        found = source.get(name, source.get(FIRST.sub("stages.0.", name)))  # shared numbers become those of every stage
        if found is not None and name.endswith("coefficients") and len(found) < len(target[name]):
            found = wider(found, len(target[name]))
        if found is None or found.shape != target[name].shape:
            raise InputError(
                f"{plan.start}: is {start.card['network']} with {start.card['arguments']}, not {plan.network} with "
                f"{plan.arguments}; leave out --from."
            )
        target[name] = found
    net.load_state_dict(target)
    return net, start.card["training"]
