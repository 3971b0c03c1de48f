"""The tables of segmentation on the shared data: methods by their Dice, and Dice by the number of atlases.

All methods of a table see the same registered atlases (`trials`).
"""

import math
import re
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from minimand.systems.segmentation.direct import DIRECT
from minimand.systems.segmentation.fusion import Rule, majority, undecided
from minimand.systems.segmentation.learn import born
from minimand.systems.segmentation.methods import RULES, get_rule
from minimand.systems.segmentation.network import NETWORK, DeepFusion, feature_distance, load_network, shipped_networks
from minimand.systems.segmentation.scores import overlap
from minimand.systems.segmentation.segment import COUNT, Warped
from minimand.systems.segmentation.trials import Show, Trial, cardiac_trials, hippocampus_trials
from minimand.weights import cards_of, load_weights, research

TABLES = ("segmentation", "segmentation-centred", "segmentation-hippocampus", "atlas-count")
TARGETS = 100  # of a table
FEW = 5  # atlases that are chosen among 10
SLOW = ("patch-match",)  # minutes for a volume, where the table does without
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

Ways = dict[str, list[tuple[Rule, Warped]]]  # of a method: its rules, one unless it is a network of several seeds
Scores = dict[str, float]
Figures = dict[str, dict[str, list[Scores]]]  # of a method: the scores of its rules by target


def segmentation_table(
    table: str, data: Path, show: Show, targets: int | None = None, weights: Sequence[str] | None = None
) -> dict[str, Any]:
    """Every method on the same registered atlases: mean and spread of the scores, single Dices, and the mean
    difference to the majority vote and to patches with its standard error.

    targets: how many (100 unless given). weights: networks by name or file, those of `at_hand` unless given; seeds of
    one network count as their mean, target by target. Distances are in voxels, over the targets for which they are
    finite. Raises InputError where the data are not at hand.
    """
    volumes = table == "segmentation-hippocampus"
    nets, direct = _load(at_hand() if weights is None else weights)
    fitting = {name: each for name, each in nets.items() if each[0].flat != volumes}
    count = targets or TARGETS
    trials = (
        hippocampus_trials(data, count, COUNT, show)
        if volumes
        else cardiac_trials(data, count, COUNT, show, centred=table == "segmentation-centred")
    )
    rules = _rules_of_volumes() if volumes else RULES
    figures: Figures = {}
    for trial in trials:
        ways = _ways(trial, rules, fitting)
        if not volumes:
            ways |= {name: [(rule, trial.warped) for rule in rules] for name, (_, rules) in direct.items()}
        for name, each in ways.items():
            figures.setdefault(name, {})[trial.name] = [_scored(rule, seen, trial.truth) for rule, seen in each]
    rows = [{"method": name, **means(each, figures)} for name, each in figures.items()]
    done = len(figures["majority"])
    if volumes:
        rows = [{**row, "published": {}} for row in rows]
        return {"table": table, "source": "none: not in the talk", "on": f"{done} hippocampi of as many subjects, "
                "mean of both labels, atlases of 146 others", "rows": rows}  # fmt: skip
    names = dict.fromkeys(fitting, NETWORK) | {name: network for name, (network, _) in direct.items()}
    rows = [{**row, "published": PUBLISHED.get(_talk_name(row["method"], names), {})} for row in rows]
    own = {_talk_name(row["method"], names) for row in rows}
    rows += [{"method": name, "published": figure} for name, figure in PUBLISHED.items() if name not in own]
    return {"table": table, "source": SOURCE, "on": _on(done), "rows": rows}


def atlas_count_table(data: Path, show: Show, targets: int | None = None) -> dict[str, Any]:
    """Mean Dice of majority vote and of every network by the number of atlases, chosen among 20 by mutual information
    or by the network's features. Seeds of one network count as their mean.
    """
    nets, _ = _load(at_hand())
    curves: dict[str, dict[int, list[float]]] = {}
    flat = {name: each for name, each in nets.items() if each[0].flat}
    for trial in cardiac_trials(data, targets or TARGETS, COUNTS[-1] + 1, show):
        near = {name: [nearest(net, trial.warped, COUNTS[-1]) for net in each] for name, each in flat.items()}
        for count in COUNTS:
            few = first(trial.warped, count)
            ways: Ways = {"majority": [(majority, few)]}
            for name, each in flat.items():
                ways[name] = [(net.rule, few) for net in each]
                ways[f"{name}, by its features"] = [
                    (net.rule, first(seen, count)) for net, seen in zip(each, near[name], strict=True)
                ]
            for name, way in ways.items():
                dice = statistics.fmean(_scored(rule, seen, trial.truth)["dice"] for rule, seen in way)
                curves.setdefault(name, {}).setdefault(count, []).append(dice)
    rows = [
        {"method": name, "dice": {n: statistics.fmean(each) for n, each in curve.items()}, "published": {}}
        for name, curve in curves.items()
    ]
    done = len(curves["majority"][COUNTS[0]])
    source = "a curve between 0.72 and 0.82 on SATA-13, that of feature selection above"
    return {"table": "atlas-count", "source": source, "on": _on(done), "rows": rows}


def at_hand() -> list[str]:
    """Networks for segmentation: those in the folder for research use, and those that ship unless seeds of theirs,
    NAME-0, NAME-1, ..., lie there.
    """
    files = research()
    found = [name for name, card in cards_of(files).items() if card.get("network") in (NETWORK, *DIRECT)]
    seeds = {_kind(name) for name in found}
    return [name for name in shipped_networks() if name not in seeds] + [str(files[name]) for name in found]


def _kind(name: str) -> str:
    """Of a network's name, what it has in common with those of other seeds."""
    return re.sub(r"-\d+$", "", name)


def first(warped: Warped, count: int) -> Warped:
    """The `count` best, as they come: by mutual information unless they were ordered otherwise."""
    return Warped(warped.target, warped.images[:count], warped.labels[:count])


def nearest(net: DeepFusion, warped: Warped, count: int) -> Warped:
    """The `count` nearest by the network's features where atlases do not agree, the nearest first."""
    region = undecided(warped.labels, net.window)
    if not bool(region.any()):
        return first(warped, count)
    with torch.no_grad():
        order = feature_distance(net, *warped[:2], region).argsort()[:count]
    return Warped(warped.target, warped.images[order], warped.labels[order])


def _load(weights: Sequence[str]) -> tuple[dict[str, list[DeepFusion]], dict[str, tuple[str, list[Rule]]]]:
    """Networks of fusion, and the kind and the rules of those without atlases, by name, without the seed."""
    nets: dict[str, list[DeepFusion]] = {}
    direct: dict[str, tuple[str, list[Rule]]] = {}
    for source in weights:
        card = load_weights(source).card
        network, name = str(card.get("network")), _kind(str(card["name"]))
        if network in DIRECT:
            direct.setdefault(name, (network, []))[1].append(get_rule(network, source)[0])
        else:
            nets.setdefault(name, []).append(load_network(source)[0])
    return nets, direct


def _rules_of_volumes() -> dict[str, Rule]:
    """Those that are quick enough, and the network before it has learned anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = born(3).eval().requires_grad_(False)
    return {name: rule for name, rule in RULES.items() if name not in SLOW} | {f"{NETWORK}, as born": net.rule}


def _ways(trial: Trial, rules: Mapping[str, Rule], nets: Mapping[str, Sequence[DeepFusion]]) -> Ways:
    """Rules by name, with the atlases that each one sees; of networks one for every seed."""
    warped = trial.warped
    few = first(warped, FEW)
    ways: Ways = {"majority, not registered": [(majority, trial.before)]}
    ways |= {name: [(rule, warped)] for name, rule in rules.items()}
    for name, each in nets.items():
        ways[name] = [(net.rule, warped) for net in each]
        ways[f"{name}, 5 of 10 by mutual information"] = [(net.rule, few) for net in each]
        ways[f"{name}, 5 of 10 by its features"] = [(net.rule, nearest(net, warped, FEW)) for net in each]
    return ways


def _scored(rule: Rule, seen: Warped, truth: Tensor) -> Scores:
    """Mean scores of all labels, and the rule's seconds."""
    start = time.perf_counter()
    with torch.no_grad():
        votes = rule(*seen)
    seconds = time.perf_counter() - start
    each = [overlap(votes.argmax(0), truth, number)._asdict() for number in range(1, len(votes))]
    return {**{name: statistics.fmean(e[name] for e in each) for name in each[0]}, "seconds": seconds}


def means(method: Mapping[str, Sequence[Scores]], all_of: Figures) -> dict[str, Any]:
    """Over the targets, each the mean of the networks; gain over the majority vote, and over patches. networks: the
    mean Dice of each.
    """
    each = {target: _mean(scores) for target, scores in method.items()}
    row: dict[str, Any] = {}
    for name in ("dice", "jaccard", "average_distance", "hausdorff"):
        values = [scores[name] for scores in each.values() if np.isfinite(scores[name])]
        row[name], row[f"{name}_spread"] = _mean_and_spread(values)
    for key, rival in (("gain", "majority"), ("over_patch", "patch")):
        gains = [scores["dice"] - _mean(all_of[rival][target])["dice"] for target, scores in each.items()]
        row[key], row[f"{key}_error"] = statistics.fmean(gains), _error(gains)
    row["seconds"] = statistics.median(scores["seconds"] for scores in each.values())
    row["networks"] = [statistics.fmean(s["dice"] for s in seed) for seed in zip(*method.values(), strict=True)]
    return {**row, "targets": {target: scores["dice"] for target, scores in each.items()}}


def _mean_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """Infinite where there are none."""
    return (statistics.fmean(values), statistics.pstdev(values)) if values else (math.inf, math.inf)


def _mean(scores: Sequence[Scores]) -> Scores:
    return {name: statistics.fmean(s[name] for s in scores) for name in scores[0]}


def _error(values: Sequence[float]) -> float:
    """Standard error of the mean."""
    return statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0


def _talk_name(method: str, nets: Mapping[str, str]) -> str:
    """What the talk calls it; nets: the kind of each of ours by its name."""
    name, comma, variant = method.partition(",")
    return f"{nets.get(name, name)}{comma}{variant}"


def _on(count: int) -> str:
    return f"{count} slices of 9 subjects (Sunnybrook, endocardium), atlases of 25 others"
