"""The training run of Deep Fusion Net: from a folder of atlases to weights with their card."""

from dataclasses import dataclass
from pathlib import Path

import torch

from minimand.io import InputError
from minimand.learning import Progress, Run
from minimand.systems.segmentation.atlases import Atlas, read_library
from minimand.systems.segmentation.network import NETWORK, DeepFusion
from minimand.systems.segmentation.training import Fusing, Tell, prepare, split, subject_of

RATE = 1e-3


@dataclass(frozen=True)
class Plan:
    """atlases: their folder; subject: a regular expression for the part of a name that names the subject. targets: at
    most so many atlases are learned from; count: atlases registered to each; draw: atlases of a step.
    """

    atlases: str
    subject: str = ".*"
    targets: int = 90
    count: int = 10
    draw: int = 5
    steps: int = 1000
    pace: float = 1.0
    seed: int = 0
    every: int = 100


def train(plan: Plan, run: Run, tell: Tell = lambda name, k, n: None) -> Progress:
    """Register the atlases to one another, train a network as planned and write its weights.

    tell: told the target that is being registered, its number and how many there are. Raises InputError for atlases
    that do not do.
    """
    run.check()
    torch.manual_seed(plan.seed)
    library = read_library(Path(plan.atlases))
    learned, chosen = split(library, plan.subject)
    dimensions = 2 if len(library.atlases[0].labels) == 1 else 3
    net = born(dimensions)
    few = _some(library.atlases, plan.subject, learned, plan.targets)
    held = _some(library.atlases, plan.subject, chosen, max(1, plan.targets // 3))
    cases = prepare(library, [*few, *held], plan.subject, learned, plan.count, net, tell)
    task = Fusing(cases[: len(few)], cases[len(few) :], plan.draw, plan.seed)
    if not task.train or not task.validation:
        raise InputError(f"{plan.atlases}: the atlases agree everywhere; there is nothing to learn.")
    before, majority = task.validate(net), task.majority()
    progress = run.learn(net, task, plan, rate)
    if progress.stopped:
        return progress
    run.save(net, {
        "network": NETWORK,
        "summary": f"{dimensions}-D; validation Dice {progress.best:.1f} %, majority vote {majority:.1f} %",
        "arguments": net.arguments,
        "loss": "mean || votes - labels ||^2 where atlases do not agree",
        "training": {
            "seed": plan.seed, "images": len(few), "data": [plan.atlases], "subjects": learned, "count": plan.count,
            "draw": plan.draw, "labels": library.labels,
        },
        "validation": {
            "dice_majority": majority, "dice_untrained": before, "dice": progress.best, "step": progress.best_step,
            "on": "voxels on which atlases do not agree, per cent", "images": len(held), "subjects": chosen,
            "history": progress.history,
        },
    })  # fmt: skip
    return progress


def born(dimensions: int) -> DeepFusion:
    """The network before it has learned anything. That of images looks 13 voxels around; that of volumes is patch-based
    fusion, which in volumes is well ahead of the vote, with a few features beside the patches.
    """
    if dimensions == 2:
        return DeepFusion(2, channels=12, width=16, dilations=(1, 2, 4, 4))
    return DeepFusion(3, channels=8, width=8, dilations=(2, 2), reach=1, patch=1)


def rate(name: str) -> float:
    """Learning rate of a number by its name (plain choices, not searched)."""
    return 10 * RATE if "gain" in name else RATE


def _some(atlases: list[Atlas], pattern: str, subjects: list[str], count: int) -> list[Atlas]:
    """At most `count` atlases of these subjects with labels, evenly among the names: the same ones for every seed."""
    own = [a for a in atlases if subject_of(a.name, pattern) in subjects and bool((a.labels > 0).any())]
    return [own[k * len(own) // min(count, len(own))] for k in range(min(count, len(own)))]
