"""The table of shape retrieval: sets of deformable shapes, new poses of known classes and classes never seen."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minimand.io import InputError
from minimand.learning import fit
from minimand.metrics import Retrieval
from minimand.systems.shapes.cache import cached_eigenpairs
from minimand.systems.shapes.collection import read_collection
from minimand.systems.shapes.methods import METHODS
from minimand.systems.shapes.metric import large_margin, triplet
from minimand.systems.shapes.network import COLUMNS, VECTOR, Fixed, Mixture, STNet, first_order, moments, power
from minimand.systems.shapes.surface import surface_of
from minimand.systems.shapes.training import SHARE, Classes, Loss, Shapes, figures, rate

TABLES = ("shapes", "shapes-range", "shapes-ablations")
SETS = ("mcgill_dev", "bodies_easy_dev", "bodies_hard_dev")
SEEDS, STEPS, SHARE_OF_POSES, SHARE_OF_CLASSES = 5, 300, 0.4, 0.6
SHIPS = "st-net with the unlearned part"
SOURCE = "SHREC'14 synthetic / real, first tier: other bodies, which are not to be had; the protocol is pose40"
LEARNED: Mapping[str, tuple[Callable[[], Fixed | Mixture], Loss]] = {
    "first-order + LMNN": (lambda: Fixed(first_order, COLUMNS), large_margin),
    "first-order + metric": (lambda: Fixed(first_order, COLUMNS), triplet),
    "second-order + metric": (lambda: Fixed(partial(power, beta=1.0), VECTOR), triplet),
    "square root + metric": (lambda: Fixed(partial(power, beta=0.5), VECTOR), triplet),
    "st-net": (Mixture, triplet),
}
PUBLISHED = {
    "first-order + LMNN": {"synthetic": 98.02, "real": 92.78},
    "second-order + metric": {"synthetic": 100.0, "real": 96.08},
    "st-net": {"synthetic": 100.0, "real": 99.83},
}

Show = Callable[[str, int, int], None]


def shapes_table(data: Path, show: Show = lambda label, k, n: None) -> dict[str, Any]:
    """Means and standard deviations over 5 seeds, percent, of every method on every set.

    pose40: 40 % of each class trains, the rest is query and gallery. newclass: 60 % of the classes train. data: the
    folder that holds shapes/. Raises InputError where the sets are not at hand.
    """
    rows = []
    for k, name in enumerate(SETS, 1):
        file = data / "shapes" / f"{name}.npz"
        if not file.is_file():
            raise InputError(f"{file}: the shapes are not there; name the folder that holds shapes/ with --data.")
        show(name, k, len(SETS))
        shapes, vectors = read_shapes(file)
        for protocol, parts in (("pose40", poses), ("newclass", classes)):
            trials = [_trial(shapes, vectors, parts(shapes.labels, seed), seed) for seed in range(SEEDS)]
            for method in trials[0]:
                rows.append(table_row(method, name, protocol, torch.stack([trial[method] for trial in trials])))
            rows[-1]["against_unlearned"] = paired(trials)
    return {"table": "shapes", "source": SOURCE, "on": ", ".join(SETS), "seeds": SEEDS, "rows": rows}


def table_row(method: str, name: str, protocol: str, trials: Float[Tensor, "seeds 5"]) -> dict[str, Any]:
    """Means and standard deviations over the seeds, percent; deviations are 0 where there is one. name: of the set."""
    means, spreads = 100 * trials.mean(0), 100 * trials.std(0, correction=min(1, len(trials) - 1))
    return {
        "method": method, "set": name, "protocol": protocol, **dict(zip(Retrieval._fields, means.tolist())),
        **{f"{field}_spread": value for field, value in zip(Retrieval._fields, spreads.tolist())},
        "published": PUBLISHED.get(method, {}) if protocol == "pose40" else {},
    }  # fmt: skip


def paired(trials: Sequence[Mapping[str, Float[Tensor, "5"]]]) -> dict[str, Any]:
    """By how many points of first tier the network that ships is ahead of the best method that learns nothing: mean and
    standard deviation of the difference, seed by seed.
    """
    best = max(METHODS, key=lambda method: float(torch.stack([trial[method][1] for trial in trials]).mean()))
    ahead = 100 * torch.stack([trial[SHIPS][1] - trial[best][1] for trial in trials])
    return {"method": best, "first_tier": float(ahead.mean()), "spread": float(ahead.std())}


def read_shapes(file: Path) -> tuple[Shapes, dict[str, Float[Tensor, "shapes numbers"]]]:
    """A set as networks need it, and the vectors of each method that learns nothing. Raises InputError."""
    entries = read_collection(file)
    names = sorted({str(entry.label) for entry in entries})
    M, vectors = list[Tensor](), {name: list[Tensor]() for name in METHODS}
    for entry in entries:
        pairs = cached_eigenpairs(surface_of(entry.read(), entry.name))
        M.append(moments(pairs))
        for name, method in METHODS.items():
            vectors[name].append(method(pairs))
    labels = torch.tensor([names.index(str(entry.label)) for entry in entries])
    found = {name: torch.stack(rows) for name, rows in vectors.items()}
    return Shapes(torch.stack(M), found["wks"], labels), found


def poses(labels: Int[Tensor, " shapes"], seed: int) -> Bool[Tensor, " shapes"]:
    """True for a random 40 % of each class."""
    generator = torch.Generator().manual_seed(seed)
    train = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        mine = torch.nonzero(labels == label)[:, 0]
        train[mine[torch.randperm(len(mine), generator=generator)[: round(SHARE_OF_POSES * len(mine))]]] = True
    return train


def classes(labels: Int[Tensor, " shapes"], seed: int) -> Bool[Tensor, " shapes"]:
    """True for all of a random 60 % of the classes."""
    names = labels.unique()
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed))
    return torch.isin(labels, names[order[: round(SHARE_OF_CLASSES * len(names))]])


def _trial(
    shapes: Shapes, vectors: Mapping[str, Tensor], train: Bool[Tensor, " shapes"], seed: int
) -> dict[str, Float[Tensor, "5"]]:
    """Figures of every method on what is not for training."""
    known, asked = shapes.part(train), shapes.part(~train)
    found = {name: figures(rows[~train], asked.labels) for name, rows in vectors.items()}
    for name, (head, loss) in LEARNED.items():
        net = learned(known, head(), loss, seed)
        found[name] = figures(net(asked.M).detach(), asked.labels)
        if name == "st-net":
            found[SHIPS] = figures(net.describe(asked.M, asked.others, SHARE), asked.labels)
    return found


def learned(shapes: Shapes, head: Fixed | Mixture, loss: Loss, seed: int) -> STNet:
    """A network of 32 numbers that learned these shapes for 300 steps; nothing is chosen on the way."""
    torch.manual_seed(seed)
    net = STNet(head=head).born(shapes.M, shapes.others)
    fit(net, Classes(net, shapes, shapes, loss, share=0.0), steps=STEPS, rate=rate, every=STEPS)
    return net
