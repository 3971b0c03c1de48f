"""The tables of segmentation on the shared data: methods by their Dice, and Dice by the number of atlases.

All methods of a table see the same registered atlases (`trials`).
"""

import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from minimand.systems.segmentation.direct import DIRECT
from minimand.systems.segmentation.fusion import Rule, majority, undecided
from minimand.systems.segmentation.methods import RULES, get_rule
from minimand.systems.segmentation.network import DeepFusion, feature_distance, load_network, shipped_networks
from minimand.systems.segmentation.scores import overlap
from minimand.systems.segmentation.segment import COUNT, Warped
from minimand.systems.segmentation.trials import Show, Trial, cardiac_trials, hippocampus_trials
from minimand.weights import load_weights

TABLES = ("segmentation", "segmentation-centred", "segmentation-hippocampus", "atlas-count")
TARGETS = 100  # of a table
FEW = 5  # atlases that are chosen among 10
COUNTS = (5, 7, 9, 11, 13, 15, 17, 19)
SATA, LV = "SATA-13 Dice", "LV-09 epicardium Dice"
PUBLISHED: dict[str, dict[str, float]] = {
    "majority": {SATA: 0.653, LV: 0.9155, "Jaccard": 0.8458},
    "patch": {SATA: 0.683, LV: 0.9170, "Jaccard": 0.8483},
    "patch-match": {SATA: 0.754},
    "svm": {SATA: 0.726, LV: 0.9259, "Jaccard": 0.8630},
    "cnn": {SATA: 0.681},
    "deep-fusion": {LV: 0.9453, "Jaccard": 0.8972},
    "deep-fusion, 5 of 10 by mutual information": {SATA: 0.803},
    "deep-fusion, 5 of 10 by its features": {SATA: 0.819},
    "DLLS and DLDM (not built here)": {LV: 0.94},
    "DLDM_init (not built here)": {LV: 0.89},
}
SOURCE = (
    "the talk's tables, SATA-13 (myocardium) and LV-09 (epicardium); ours are endocardium, other contours on other "
    "subjects: compare the order, not the figures"
)


def segmentation_table(
    table: str, data: Path, show: Show, targets: int | None = None, weights: Sequence[str] | None = None
) -> dict[str, Any]:
    """Every method on the same registered atlases: mean and spread of the scores, single Dices, and the mean
    difference to the majority vote with its standard error.

    targets: how many (100 unless given). weights: networks by name or file, those that ship unless given. Distances are
    in voxels, over the targets for which they are finite. Raises InputError where the data are not at hand.
    """
    volumes = table == "segmentation-hippocampus"
    nets, direct = _load(shipped_networks() if weights is None else weights)
    fitting = {name: net for name, net in nets.items() if net.flat != volumes}
    count = targets or TARGETS
    trials = (
        hippocampus_trials(data, count, COUNT, show)
        if volumes
        else cardiac_trials(data, count, COUNT, show, centred=table == "segmentation-centred")
    )
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for trial in trials:
        ways = _ways(trial, fitting) | {name: (rule, trial.warped) for name, rule in direct.items() if not volumes}
        for name, (rule, seen) in ways.items():
            figures.setdefault(name, {})[trial.name] = _scored(rule, seen, trial.truth)
    rows = [{"method": name, **_means(each, figures["majority"])} for name, each in figures.items()]
    done = len(figures["majority"])
    if volumes:
        rows = [{**row, "published": {}} for row in rows]
        return {"table": table, "source": "none: not in the talk", "on": f"{done} hippocampi of as many subjects, "
                "mean of both labels, atlases of 146 others", "rows": rows}  # fmt: skip
    rows = [{**row, "published": _published(row["method"], fitting)} for row in rows]
    own = {_talk_name(row["method"], fitting) for row in rows}
    rows += [{"method": name, "published": figure} for name, figure in PUBLISHED.items() if name not in own]
    return {"table": table, "source": SOURCE, "on": _on(done), "rows": rows}


def atlas_count_table(data: Path, show: Show, targets: int | None = None) -> dict[str, Any]:
    """Mean Dice of majority vote and of every network by the number of atlases, chosen among 20 by mutual information
    or by the network's features.
    """
    nets, _ = _load(shipped_networks())
    curves: dict[str, dict[int, list[float]]] = {}
    for trial in cardiac_trials(data, targets or TARGETS, COUNTS[-1] + 1, show):
        for count in COUNTS:
            ways: dict[str, tuple[Rule, Warped]] = {"majority": (majority, first(trial.warped, count))}
            for name, net in nets.items():
                if net.flat:
                    ways[name] = (net.rule, first(trial.warped, count))
                    ways[f"{name}, by its features"] = (net.rule, nearest(net, trial.warped, count))
            for name, (rule, seen) in ways.items():
                curves.setdefault(name, {}).setdefault(count, []).append(_scored(rule, seen, trial.truth)["dice"])
    rows = [
        {"method": name, "dice": {n: statistics.fmean(each) for n, each in curve.items()}, "published": {}}
        for name, curve in curves.items()
    ]
    done = len(curves["majority"][COUNTS[0]])
    source = "a curve between 0.72 and 0.82 on SATA-13, that of feature selection above"
    return {"table": "atlas-count", "source": source, "on": _on(done), "rows": rows}


def first(warped: Warped, count: int) -> Warped:
    """The `count` best by mutual information."""
    return Warped(warped.target, warped.images[:count], warped.labels[:count])


def nearest(net: DeepFusion, warped: Warped, count: int) -> Warped:
    """The `count` nearest by the network's features where atlases do not agree."""
    region = undecided(warped.labels, net.window)
    if not bool(region.any()):
        return first(warped, count)
    with torch.no_grad():
        order = feature_distance(net, *warped[:2], region).argsort()[:count]
    return Warped(warped.target, warped.images[order], warped.labels[order])


def _load(weights: Sequence[str]) -> tuple[dict[str, DeepFusion], dict[str, Rule]]:
    """Networks of fusion, and the rules of those without atlases, by name."""
    nets, direct = {}, {}
    for source in weights:
        card = load_weights(source).card
        if card.get("network") in DIRECT:
            direct[str(card["name"])] = get_rule(str(card["network"]), source)[0]
        else:
            nets[str(card["name"])] = load_network(source)[0]
    return nets, direct


def _ways(trial: Trial, nets: Mapping[str, DeepFusion]) -> dict[str, tuple[Rule, Warped]]:
    """Rules by name, with the atlases that each one sees."""
    warped = trial.warped
    ways: dict[str, tuple[Rule, Warped]] = {"majority, not registered": (majority, trial.before)}
    ways |= {name: (rule, warped) for name, rule in RULES.items()}
    for name, net in nets.items():
        ways[name] = (net.rule, warped)
        ways[f"{name}, 5 of 10 by mutual information"] = (net.rule, first(warped, FEW))
        ways[f"{name}, 5 of 10 by its features"] = (net.rule, nearest(net, warped, FEW))
    return ways


def _scored(rule: Rule, seen: Warped, truth: Tensor) -> dict[str, float]:
    """Mean scores of all labels, and the rule's seconds."""
    start = time.perf_counter()
    with torch.no_grad():
        votes = rule(*seen)
    seconds = time.perf_counter() - start
    each = [overlap(votes.argmax(0), truth, number)._asdict() for number in range(1, len(votes))]
    return {**{name: statistics.fmean(e[name] for e in each) for name in each[0]}, "seconds": seconds}


def _means(each: Mapping[str, Mapping[str, float]], votes: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Over the targets; votes: the majority's."""
    means: dict[str, Any] = {}
    for name in ("dice", "jaccard", "average_distance", "hausdorff"):
        values = [row[name] for row in each.values() if np.isfinite(row[name])]
        means[name], means[f"{name}_spread"] = statistics.fmean(values), statistics.pstdev(values)
    gains = [row["dice"] - votes[target]["dice"] for target, row in each.items()]
    means["gain"], means["gain_error"] = statistics.fmean(gains), _error(gains)
    means["seconds"] = statistics.median(row["seconds"] for row in each.values())
    return {**means, "targets": {target: row["dice"] for target, row in each.items()}}


def _error(values: Sequence[float]) -> float:
    """Standard error of the mean."""
    return statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0


def _published(method: str, nets: Iterable[str]) -> dict[str, float]:
    return PUBLISHED.get(_talk_name(method, nets), {})


def _talk_name(method: str, nets: Iterable[str]) -> str:
    """The talk's network stands for every one of ours."""
    name, comma, variant = method.partition(",")
    return f"deep-fusion{comma}{variant}" if name in nets else method


def _on(count: int) -> str:
    return f"{count} slices of 9 subjects (Sunnybrook, endocardium), atlases of 25 others"
