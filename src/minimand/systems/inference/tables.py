"""The table of labels: a classifier of pixels alone, with a random field behind it, and learned together with one."""

import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from minimand.learning import fit
from minimand.systems.inference.label_scores import accuracy, confusion, mean_iou, near_boundaries
from minimand.systems.inference.labelling import (
    Classifier,
    LearnLabels,
    RandomFieldNetwork,
    Ties,
    balanced,
    labelled,
)
from minimand.systems.inference.streets import VOID, Streets, read_streets, split
from minimand.terms import Pairwise, Unary

TABLES = ("crf-camvid",)
SEEDS = (0, 1, 2)
BAND = 3  # pixels from a boundary that count as near
SOURCE = "FCN-8s, then a CRF, then CRF-RNN on the reduced VOC 2012 validation set (Zheng et al. 2015)"
PUBLISHED = {"unary": 61.3, "post-hoc CRF": 63.7, "end-to-end": 69.6}  # mean IoU in percent

Show = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Plan:
    """How much is learned: steps of the classifier alone, then of it alone and with the field; mini-batches of both;
    rates of the classifier before and after, of compatibilities and of the temperature.
    """

    first: int = 1500
    second: int = 200
    batch: int = 8
    few: int = 4
    rate: float = 3e-3
    fine: float = 5e-4
    ties: float = 1e-2
    warm: float = 3e-2


def labels_table(
    data: Path, show: Show = lambda what, k, n: None, plan: Plan = Plan(), seeds: Sequence[int] = SEEDS
) -> dict[str, Any]:
    """Three ways to label the 101 validation scenes of `camvid_small`, each learned from its training scenes with every
    seed: rows of means and standard deviations over seeds, in percent.

    data: the folder that holds images/; show: told what is learned, its number and how many there are. Raises
    InputError where the scenes are not there.
    """
    folder = data / "images" / "camvid_small"
    learned, chosen = split(read_streets(folder, "train"))
    tested = read_streets(folder, "val")
    near = near_boundaries(tested.labels, BAND)
    found: dict[str, list[dict[str, float]]] = {}
    for k, seed in enumerate(seeds, 1):
        show(f"seed {seed}", k, len(seeds))
        for name, net in rivals(learned, chosen, seed, plan).items():
            found.setdefault(name, []).append(_scores(net, tested, near))
    rows = [
        {"method": name, "published": {"mean_iou": PUBLISHED[name]}, **_spread(scores)}
        for name, scores in found.items()
    ]
    return {
        "table": "crf-camvid", "source": SOURCE, "on": f"{len(tested.names)} validation scenes, {len(seeds)} seeds",
        "band": BAND, "rows": rows, "speed": speed(tested.pictures[:1]),
    }  # fmt: skip


def rivals(learned: Streets, chosen: Streets, seed: int, plan: Plan = Plan()) -> dict[str, nn.Module]:
    """The classifier alone, the same with a random field behind it, and one that learned together with the field: after
    as many steps as the classifier alone.
    """
    torch.manual_seed(seed)
    begun = Classifier().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    task = LearnLabels(learned, chosen, balanced(learned), plan.batch, seed)
    fit(begun, task, steps=plan.first, rate=lambda name: plan.rate, every=max(1, plan.first // 10))
    alone, joint = deepcopy(begun), RandomFieldNetwork(deepcopy(begun), Ties())
    task = LearnLabels(learned, chosen, balanced(learned), plan.few, seed + 1000)

    def rate(name: str) -> float:
        if name == "log_temperature":
            return plan.warm
        return plan.ties if name.startswith("field") else plan.fine

    for net in (alone, joint):
        fit(net, task, steps=plan.second, rate=rate, every=max(1, plan.second // 4))
    behind = RandomFieldNetwork(alone, Ties())
    return {"unary": alone.eval(), "post-hoc CRF": behind.eval(), "end-to-end": joint.eval()}


def _scores(net: nn.Module, tested: Streets, near: Tensor) -> dict[str, float]:
    """In percent, and seconds a picture."""
    started = time.perf_counter()
    found = labelled(net, tested.pictures)
    seconds = (time.perf_counter() - started) / len(found)
    whole, band, inside = (confusion(found, tested.labels, where) for where in (None, near, ~near))
    return {
        "mean_iou": 100 * mean_iou(whole), "accuracy": 100 * accuracy(whole), "near": 100 * accuracy(band),
        "inside": 100 * accuracy(inside), "seconds": seconds,
    }  # fmt: skip


def _spread(scores: list[dict[str, float]]) -> dict[str, Any]:
    columns = {name: torch.tensor([each[name] for each in scores], dtype=torch.float64) for name in scores[0]}
    means = {name: float(values.mean()) for name, values in columns.items()}
    spreads = {f"{name}_spread": float(values.std()) for name, values in columns.items() if len(values) > 1}
    return {**means, **spreads, "seeds": {name: values.tolist() for name, values in columns.items()}}


def speed(picture: Tensor) -> dict[str, float]:
    """Seconds of building the appearance kernel and of one application to 11 maps: truncated at the size of the
    picture, and both truncated and over all pairs at half of it.
    """
    small = picture[..., ::2, ::2]
    found = {}
    for label, image, radius in (
        ("whole", picture, Ties().radius), ("half", small, Ties().radius), ("half, all pairs", small, None)
    ):  # fmt: skip
        term = Pairwise(VOID, Ties().position, Ties().colour, radius=radius)
        maps = torch.full((1, VOID, *image.shape[-2:]), 1 / VOID)
        data = Unary(maps.log(), image)
        found[f"{label}: build"] = _seconds(partial(term.given, data, maps))
        found[f"{label}: apply"] = _seconds(partial(term.given(data, maps).grad, maps))
    return found


def _seconds(run: Callable[[], object], times: int = 5) -> float:
    run()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
    return sorted(taken)[times // 2]
