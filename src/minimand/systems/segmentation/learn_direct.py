"""The training run of the networks that label an image by itself, on a folder of atlases."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minimand.io import InputError
from minimand.learning import Progress, Run
from minimand.learning.windows import cut
from minimand.metrics import dice
from minimand.systems.segmentation.atlases import Atlas, Library, read_library
from minimand.systems.segmentation.direct import DIRECT
from minimand.systems.segmentation.training import bent, split, subject_of

RATE, BATCH = 2e-3, 8
WINDOW = 0.9  # of the smallest side


@dataclass(frozen=True)
class DirectPlan:
    """network: cnn or unet; atlases: their folder; subject: a regular expression for the part of a name that names the
    subject.
    """

    network: str
    atlases: str
    subject: str = ".*"
    steps: int = 1000
    pace: float = 1.0
    seed: int = 0
    every: int = 100


@dataclass(frozen=True)
class Labelling:
    """Learn from BATCH windows a step, intensities bent at random: a `learning.Task`. Sides are not flipped, for labels
    may tell left from right. Pairs are image (1, height, width) and the number of each pixel's label. Validation is the
    mean Dice of all labels in per cent.
    """

    train: Sequence[tuple[Tensor, Tensor]]
    validation: Sequence[tuple[Tensor, Tensor]]
    labels: int
    seed: int

    def loss(self, net: nn.Module, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        side = int(WINDOW * min(min(image.shape[-2:]) for image, _ in self.train)) // 4 * 4
        windows = []
        for k in torch.randint(len(self.train), (BATCH,), generator=generator).tolist():
            image, numbers = self.train[k]
            windows.append(cut(torch.cat([bent(image, generator), numbers.float()]), (side, side), generator))
        batch = torch.stack(windows)
        return F.cross_entropy(net(batch[:, :1]), batch[:, 1].long())

    def parts(self, net: nn.Module) -> Iterator[Tensor]:
        raise TypeError("windows are drawn, so there is no whole training set; leave out full-batch steps.")

    def validate(self, net: nn.Module) -> float:
        scores = []
        with torch.no_grad():
            for image, numbers in self.validation:
                found, each = net(image[None]).argmax(1), torch.arange(1, self.labels)[:, None, None]
                scores.append(dice(found == each, numbers == each).mean())
        return 100 * float(torch.stack(scores).mean())


def train_direct(plan: DirectPlan, run: Run) -> Progress:
    """Learn on the same subjects as Deep Fusion Net does, and write the weights. Raises InputError for volumes."""
    run.check()
    torch.manual_seed(plan.seed)
    library = read_library(Path(plan.atlases))
    if len(library.atlases[0].labels) > 1:
        raise InputError(f"{plan.atlases}: holds volumes; {plan.network} learns images.")
    learned, chosen = split(library, plan.subject)
    task = Labelling(
        [_pair(a, library) for a in _of(library, plan.subject, learned)],
        [_pair(a, library) for a in _of(library, plan.subject, chosen)],
        len(library.labels), plan.seed,
    )  # fmt: skip
    net = DIRECT[plan.network](len(library.labels))
    progress = run.learn(net, task, plan, lambda _: RATE)
    if progress.stopped:
        return progress
    run.save(net, {
        "network": plan.network,
        "summary": f"images, without atlases; validation Dice {progress.best:.1f} %",
        "arguments": net.arguments,
        "loss": "cross-entropy",
        "training": {
            "seed": plan.seed, "images": len(task.train), "data": [plan.atlases], "subjects": learned,
            "labels": library.labels,
        },
        "validation": {
            "dice": progress.best, "step": progress.best_step, "on": "whole images, per cent",
            "images": len(task.validation), "subjects": chosen, "history": progress.history,
        },
    })  # fmt: skip
    return progress


def _of(library: Library, pattern: str, subjects: Sequence[str]) -> list[Atlas]:
    """The atlases of these subjects that have labels."""
    own = (a for a in library.atlases if subject_of(a.name, pattern) in subjects)
    return [a for a in own if bool((a.labels > 0).any())]


def _pair(atlas: Atlas, library: Library) -> tuple[Tensor, Tensor]:
    return atlas.scan.normal, torch.searchsorted(torch.tensor(library.labels), atlas.labels.contiguous())
