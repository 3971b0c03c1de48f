"""The training run of Proximal Dehaze-Net: from scenes on disk to weights with their card."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from minimand.io import InputError
from minimand.learning import Progress, Run
from minimand.systems.dehazing.free_scenes import free_scenes
from minimand.systems.dehazing.network import NETWORK, ProximalDehaze, deepen, load_network
from minimand.systems.dehazing.scenes import Scene, read_scenes, split
from minimand.systems.dehazing.training import LEVELS, Dehazing

FREE = "free-scenes"  # stands for those that come with Minimand
RATE = 2e-3  # of the networks in the priors; the few numbers of the splitting take a fifth


@dataclass(frozen=True)
class Plan:
    """data: folders of scenes, or `free-scenes`. start: weights to begin with. every: steps between validations.
    pace: of learning.
    """

    data: Sequence[str]
    depth: int = 1
    steps: int = 2000
    batch: int = 4
    pace: float = 1.0
    seed: int = 0
    every: int = 100
    start: str | None = None


def train(plan: Plan, run: Run) -> Progress:
    """Train a network as planned and write its weights.

    Scenes are split as `split` does: those that report are not looked at. Raises InputError for data or a start that do
    not fit.
    """
    run.check()
    torch.manual_seed(plan.seed)
    learned, chosen = scenes_of(plan.data)
    net, origin = ProximalDehaze(plan.depth), None
    if plan.start is not None:
        source, card = load_network(plan.start)
        if source.unrolled.depth > plan.depth:
            raise InputError(f"{plan.start}: has {source.unrolled.depth} stages, more than {plan.depth}; ask for more.")
        deepen(net, source)
        origin = card.get("training")
    task = Dehazing(learned, chosen, plan.batch, plan.seed)
    before = task.validate(net)
    progress = run.learn(net, task, plan, rate)
    if progress.stopped:
        return progress
    run.save(net, {
        "network": NETWORK,
        "summary": f"{plan.depth} stage{'s' * (plan.depth > 1)}; validation {progress.best:.2f} dB",
        "arguments": {"depth": plan.depth},
        "loss": "3 mean |J - J*| + mean |T - T*| + mean |U - U*|",
        "training": {
            "seed": plan.seed, "images": len(learned), "data": list(plan.data), "from": origin,
            "scenes": [scene.name for scene in learned],
        },
        "validation": {
            "psnr_untrained": before, "psnr": progress.best, "step": progress.best_step, "images": len(chosen),
            "scenes": [scene.name for scene in chosen], "haze": LEVELS, "history": progress.history,
        },
    })  # fmt: skip
    return progress


def scenes_of(data: Sequence[str]) -> tuple[list[Scene], list[Scene]]:
    """Scenes to learn from and to choose by of all sources: folders, or `free-scenes`. Raises InputError."""
    parts = [free_scenes() if source == FREE else split(read_scenes(Path(source))) for source in data]
    learned, chosen = ([scene for part in parts for scene in part[k]] for k in (0, 1))
    if not learned or not chosen:
        raise InputError(f"{' '.join(data)}: {len(learned) + len(chosen)} scenes are too few to learn and choose from.")
    return learned, chosen


def rate(name: str) -> float:
    """Learning rate of a number by its name (plain choices, not searched)."""
    return RATE if ".net." in name else RATE / 5
