"""The tables of segmentation on the shared cardiac slices: methods by their Dice, and Dice by the number of atlases.

Protocol: targets are slices of every fourth subject, atlases those of the other subjects of the same phase at a similar
height, the 10 most alike by normalised mutual information; the region of interest is known to 4 pixels.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from minimand.systems.segmentation.atlases import Library
from minimand.systems.segmentation.cardiac import LEAST, SUBJECTS_HELD, as_atlas, read_slices
from minimand.systems.segmentation.fusion import FUSION, Rule, majority, undecided
from minimand.systems.segmentation.network import DeepFusion, feature_distance, load_network, shipped_networks
from minimand.systems.segmentation.placing import Placed
from minimand.systems.segmentation.scores import overlap
from minimand.systems.segmentation.segment import COUNT, Warped, align, choose

TABLES = ("segmentation", "atlas-count")
TARGETS, HEIGHT = 100, 0.25  # targets of a table; difference of height up to which atlases are taken
COUNTS = (5, 7, 9, 11, 13, 15, 17, 19)
PUBLISHED: dict[str, dict[str, float]] = {
    "majority": {"SATA-13": 0.653, "LV-09 epicardium": 0.9155},
    "patch": {"SATA-13": 0.683, "LV-09 epicardium": 0.9170},
    "deep-fusion": {"SATA-13": 0.803, "LV-09 epicardium": 0.9453},
}
SOURCE = (
    "mean Dice on SATA-13 (myocardium) and LV-09 (epicardium), other contours than ours (endocardium): for their order"
)

Show = Callable[[str, int, int], None]


class Trial(NamedTuple):
    """A target by name, its atlases before and after registration, and its true labels."""

    name: str
    placed: list[Placed]
    warped: Warped
    truth: Int64[Tensor, "depth height width"]


def segmentation_table(data: Path, show: Show, targets: int | None = None, seed: int = 0) -> dict[str, Any]:
    """Every method on the same registered atlases: mean, spread and single figures over the targets.

    targets: how many (100 unless given), drawn with `seed`. Distances are in pixels, over the targets for which they
    are finite. Raises InputError where the data are not at hand.
    """
    rules: dict[str, Rule] = dict(FUSION)
    nets = {name: load_network(name)[0] for name in shipped_networks()}
    nets = {name: net for name, net in nets.items() if net.flat}
    rules |= {name: net.rule for name, net in nets.items()}
    figures: dict[str, list[dict[str, float]]] = {}
    for target, placed, warped, truth in _trials(data, targets or TARGETS, seed, COUNT, show):
        before = Warped(warped.target, torch.stack([p.image for p in placed]), torch.stack([p.labels for p in placed]))
        trials = {
            "majority, not registered": (majority, before),
            **{name: (rule, warped) for name, rule in rules.items()},
        }
        for name, net in nets.items():
            five = nearest(net, warped, 5)
            trials[f"{name}, 5 of 10 by its features"] = (net.rule, five)
            trials[f"{name}, 5 of 10 by mutual information"] = (net.rule, first(warped, 5))
        for name, (rule, seen) in trials.items():
            figures.setdefault(name, []).append({"slice": target, **_scored(rule, seen, truth)})  # type: ignore[dict-item]
    rows = [{"method": name, **_means(each), "published": _published(name)} for name, each in figures.items()]
    count = len(next(iter(figures.values())))
    return {"table": "segmentation", "source": SOURCE, "on": _on(count, seed), "rows": rows}


def atlas_count_table(data: Path, show: Show, targets: int | None = None, seed: int = 0) -> dict[str, Any]:
    """Mean Dice of majority vote and of every network by the number of atlases, chosen among 20 by mutual information
    or by the network's features.
    """
    nets = {name: load_network(name)[0] for name in shipped_networks()}
    curves: dict[str, dict[int, list[float]]] = {}
    for _, _, warped, truth in _trials(data, targets or TARGETS, seed, COUNTS[-1] + 1, show):
        for count in COUNTS:
            trials: dict[str, tuple[Rule, Warped]] = {"majority": (majority, first(warped, count))}
            for name, net in nets.items():
                if net.flat:
                    trials[name] = (net.rule, first(warped, count))
                    trials[f"{name}, by its features"] = (net.rule, nearest(net, warped, count))
            for name, (rule, seen) in trials.items():
                curves.setdefault(name, {}).setdefault(count, []).append(_scored(rule, seen, truth)["dice"])
    rows = [
        {"method": name, "dice": {n: statistics.fmean(each) for n, each in curve.items()}, "published": {}}
        for name, curve in curves.items()
    ]
    done = len(next(iter(next(iter(curves.values())).values())))
    return {
        "table": "atlas-count",
        "source": "a curve between 0.72 and 0.82 on SATA-13",
        "on": _on(done, seed),
        "rows": rows,
    }


def first(warped: Warped, count: int) -> Warped:
    """The `count` best by mutual information."""
    return Warped(warped.target, warped.images[:count], warped.labels[:count])


def nearest(net: DeepFusion, warped: Warped, count: int) -> Warped:
    """The `count` nearest by the network's features where atlases do not agree."""
    region = undecided(warped.labels, net.window)
    with torch.no_grad():
        order = (
            feature_distance(net, *warped[:2], region).argsort()[:count] if bool(region.any()) else torch.arange(count)
        )
    return Warped(warped.target, warped.images[order], warped.labels[order])


def _trials(data: Path, targets: int, seed: int, count: int, show: Show) -> Iterator[Trial]:
    slices = read_slices(data)
    held = sorted({s.subject for s in slices})[SUBJECTS_HELD]
    rng = np.random.default_rng(seed)
    known = [(s, as_atlas(s, np.zeros(2))) for s in slices if s.subject not in held]
    asked = [s for s in slices if s.subject in held and s.label.sum() > LEAST]
    drawn = [asked[k] for k in rng.permutation(len(asked))[:targets]]
    for k, s in enumerate(drawn, 1):
        if k % 10 == 1:
            show(s.name, k, len(drawn))
        target = as_atlas(s, rng.uniform(-4, 4, 2))
        near = [a for t, a in known if t.phase == s.phase and abs(t.position - s.position) <= HEIGHT]
        placed = choose(target.scan, Library(near, [0, 1], []), count)
        yield Trial(s.name, placed, align(target.scan, placed), target.labels)


def _scored(rule: Rule, seen: Warped, truth: Tensor) -> dict[str, float]:
    start = time.perf_counter()
    with torch.no_grad():
        found = rule(*seen).argmax(0)
    seconds = time.perf_counter() - start
    return {**overlap(found, truth, 1)._asdict(), "seconds": seconds}


def _means(each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    means: dict[str, Any] = {}
    for name in ("dice", "jaccard", "average_distance", "hausdorff"):
        values = [row[name] for row in each if np.isfinite(row[name])]
        means[name], means[f"{name}_spread"] = statistics.fmean(values), statistics.pstdev(values)
    means["seconds"] = statistics.median(row["seconds"] for row in each)
    return {**means, "slices": {str(row["slice"]): row["dice"] for row in each}}


def _published(name: str) -> dict[str, float]:
    """Of the method itself, not of its variants here."""
    return PUBLISHED.get("deep-fusion" if name in shipped_networks() else name, {})


def _on(count: int, seed: int) -> str:
    return f"{count} slices of 9 subjects (Sunnybrook, endocardium; seed {seed}), atlases of 25 others"
