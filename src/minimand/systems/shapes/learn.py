"""The training run of ST-Net: from collections of shapes to weights with their card."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor

from minimand.io import InputError
from minimand.learning import Progress, Run
from minimand.systems.shapes.cache import cached_eigenpairs
from minimand.systems.shapes.collection import Entry, read_collection
from minimand.systems.shapes.laplacian import spectrum_of
from minimand.systems.shapes.methods import wks
from minimand.systems.shapes.metric import LOSSES
from minimand.systems.shapes.network import NETWORK, STNet, moments
from minimand.systems.shapes.surface import surface_of
from minimand.systems.shapes.training import Classes, Shapes, rate
from minimand.systems.shapes.views import roots, view_moments

HELD = 5  # every fifth class is for validation

Show = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Plan:
    """data: folders or sets of shapes with classes. size: of the embedding. every: steps between validations.

    loss: one of LOSSES. views: to learn from so many views of each shape from one side; 0 for whole shapes.
    """

    data: Sequence[str]
    size: int = 32
    steps: int = 300
    pace: float = 1.0
    seed: int = 0
    every: int = 25
    loss: str = "triplet"
    views: int = 0


def train(plan: Plan, run: Run, show: Show = lambda name, k, n: None) -> Progress:
    """Train a network as planned and write its weights; every fifth class of the data is for validation only.

    show: told of each shape whose spectrum is looked up. Raises InputError for data that do not do.
    """
    run.check()
    torch.manual_seed(plan.seed)
    entries = [entry for source in plan.data for entry in labelled(Path(source))]
    names = [f"{source}/{entry.label}" for source, entry in entries]
    classes = sorted(set(names))
    if len(classes) < HELD or max(map(names.count, classes)) < 2:
        raise InputError(f"{' '.join(plan.data)}: {len(classes)} classes; {HELD} of two shapes or more are needed.")
    labels = torch.tensor([classes.index(name) for name in names])
    held = labels % HELD == HELD - 1
    shapes = looked_up([entry for _, entry in entries], labels, show, plan.views)
    held = held.repeat_interleave(max(plan.views, 1))
    learned = shapes.part(~held)
    net = STNet(plan.size).born(learned.M, learned.others)
    task = Classes(net, learned, shapes.part(held), LOSSES[plan.loss])
    before = task.validate(net)
    progress = run.learn(net, task, plan, rate)
    if progress.stopped:
        return progress
    run.save(net, {
        "network": NETWORK,
        "summary": f"{plan.size} numbers a shape; first tier of new classes {progress.best:.1f} %",
        "arguments": {"size": plan.size},
        "loss": plan.loss,
        "views": plan.views,
        "training": {
            "seed": plan.seed, "data": [Path(source).name for source in plan.data],
            "shapes": int((~held).sum()) // max(plan.views, 1),
            "classes": [name for k, name in enumerate(classes) if k % HELD != HELD - 1],
        },
        "validation": {
            "first_tier_untrained": before, "first_tier": progress.best, "step": progress.best_step,
            "classes": [name for k, name in enumerate(classes) if k % HELD == HELD - 1], "history": progress.history,
        },
    })  # fmt: skip
    return progress


def labelled(source: Path) -> list[tuple[str, Entry]]:
    """The shapes of a collection with the name of the source. Raises InputError where one has no class."""
    entries = read_collection(source)
    if bare := next((entry.name for entry in entries if entry.label is None), None):
        raise InputError(f"{bare}: has no class; training needs every shape in a sub-folder named by its class.")
    return [(source.stem, entry) for entry in entries]


def looked_up(
    entries: Sequence[Entry], labels: Int[Tensor, " shapes"], show: Show = lambda name, k, n: None, views: int = 0
) -> Shapes:
    """What networks need of shapes, or of so many views of each, from the cache where it was computed before."""
    M, others = list[Tensor](), list[Tensor]()
    for k, entry in enumerate(entries, 1):
        show(entry.name, k, len(entries))
        surface = surface_of(entry.read(), entry.name)
        with spectrum_of(entry.name):
            if views:
                seen = view_moments(surface, views)
                M, others = M + list(seen), others + list(roots(seen))
                continue
            pairs = cached_eigenpairs(surface)
        M.append(moments(pairs))
        others.append(wks(pairs))
    return Shapes(torch.stack(M), torch.stack(others), labels.repeat_interleave(max(views, 1)))
