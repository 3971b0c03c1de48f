"""The tables of CT from MR: virtual heads, whose truth is known, and real pairs of slices."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.systems.synthesis.cyclegan import NETWORK
from minimand.systems.synthesis.heads import virtual_head
from minimand.systems.synthesis.intensity import Range, ct_range, unit_mr
from minimand.systems.synthesis.pairs import (
    LEARNED,
    REPORTED,
    WHITE,
    enlarged,
    read_patients,
    reduced,
    same_level,
    same_place,
)
from minimand.systems.synthesis.report import Entry
from minimand.systems.synthesis.scores import Scores, paired_test, score_subject, summary
from minimand.systems.synthesis.subjects import Subject, head_template
from minimand.systems.synthesis.synthesize import load_network, sides_of, synthesize
from minimand.systems.synthesis.template import AIR
from minimand.weights import cards_of, research, shipped

TABLES = ("synthesis", "synthesis-pairs")
SUBJECTS, LEARNED_CT = range(100, 120), range(12, 24)  # virtual heads: that report, that CT is learned from
SOURCE = "Yang et al. (2018), MR and CT of 15 patients, which are not public; MAE in HU"
PUBLISHED = {  # MAE, PSNR, SSIM, SSIM(HG): talk, and for the proposed method and PBS a summary of the paper
    "cycle": {"mae": 150.28, "psnr": 23.09, "ssim": 0.732, "ssim_hg": 0.546},
    "cycle-position": {"mae": 147.0, "psnr": 23.29, "ssim": 0.740, "ssim_hg": 0.592},
    "paired": {"mae": 122.66, "psnr": 24.57, "ssim": 0.785, "ssim_hg": 0.630},
    "structure": {"mae": 127.78, "psnr": 24.67, "ssim": 0.780, "ssim_hg": 0.622},
}

Show = Callable[[str, int, int], None]
Volume = Float[Tensor, "slices height width"]
Predict = Callable[[Volume], Volume]  # MR in its own units to CT


def heads_table(show: Show = lambda label, k, n: None) -> tuple[dict[str, Any], list[Entry]]:
    """Scores of every network at hand that learned virtual heads, over 20 heads that none learned from, beside the mean
    CT; p of the paired t-test against the plain CycleGAN. Also what a report shows: the first head, by each method.

    Networks of one method (several seeds) count as their mean, subject by subject.
    """
    template, name = head_template()
    heads = [virtual_head(template, seed) for seed in SUBJECTS]
    learned = [virtual_head(template, seed).ct for seed in LEARNED_CT]
    values = ct_range([Subject("", ct) for ct in learned])
    average = torch.stack(learned).mean(0)
    rivals: dict[str, list[Predict]] = {
        "air": [lambda mr: torch.full_like(mr, AIR)],
        "mean CT of the same slice": [lambda mr: average],
        **networks(lambda card: str(card["training"]["mr"]).startswith("heads:")),
    }
    found, entries = {}, []
    for k, (label, predicts) in enumerate(rivals.items(), 1):
        show(label, k, len(rivals))
        each = [[score_subject(predict(h.mr), h.ct, *values) for h in heads] for predict in predicts]
        found[label] = [mean_score(scores) for scores in zip(*each)]
        if label in PUBLISHED:
            first = heads[0]
            made = predicts[0](first.mr)
            entries.append(Entry(label, unit_mr(Subject("", first.mr)), made, first.ct, values, found[label][0]))
    rows = [_row(label, scores, found.get("cycle"), len(rivals[label])) for label, scores in found.items()]
    on = f"{len(heads)} virtual heads (seeds {SUBJECTS[0]} to {SUBJECTS[-1]}, bent from {name})"
    return {"table": "synthesis", "source": SOURCE, "on": on, "unit": "HU", "rows": rows}, entries


def pairs_table(data: Path, show: Show = lambda label, k, n: None) -> tuple[dict[str, Any], list[Entry]]:
    """The same for real slices of two patients, in grey levels, beside predictors that learn little from five others.

    Networks work on slices reduced to their window, and what they make is enlarged. Two patients allow no test.
    """
    mr, ct = (read_patients(data / "mrct", kind) for kind in ("mr", "ct"))
    known = {patient: ct[patient] for patient in LEARNED}
    rivals: dict[str, list[Predict]] = {
        "air": [torch.zeros_like],
        "the MR itself": [lambda volume: volume],
        "mean CT of the same position": [lambda volume: same_place(known, volume)],
        "mean CT of the MR's grey level": [lambda volume: same_level(known, mr, volume)],
        **networks(lambda card: str(card["training"]["mr"]).startswith("patients:")),
    }
    rows, entries = [], []
    for k, (label, predicts) in enumerate(rivals.items(), 1):
        show(label, k, len(rivals))
        made = {patient: predicts[0](mr[patient]) for patient in REPORTED}
        scores = [score_subject(made[patient], ct[patient], 0.0, float(WHITE)) for patient in REPORTED]
        rows.append(_row(label, scores, None, 1))
        if label in PUBLISHED:
            unit, values = unit_mr(Subject("", mr[REPORTED[0]])), Range(0.0, float(WHITE))
            entries.append(Entry(label, unit, made[REPORTED[0]], ct[REPORTED[0]], values, scores[0]))
    on = f"patients {' and '.join(map(str, REPORTED))} of the Whole Brain Atlas, CT in grey levels of 8 bits"
    return {"table": "synthesis-pairs", "source": SOURCE, "on": on, "unit": "grey levels", "rows": rows}, entries


def networks(wanted: Callable[[dict[str, Any]], bool]) -> dict[str, list[Predict]]:
    """Every network at hand whose card is wanted, by method."""
    files = {**shipped(), **research()}
    found: dict[str, list[Predict]] = {}
    for name, card in cards_of(files).items():
        if card.get("network") == NETWORK and wanted(card):
            found.setdefault(card["method"], []).append(predictor(str(files[name])))
    return {method: found[method] for method in PUBLISHED if method in found} | found


def predictor(source: str) -> Predict:
    """A network as a map from MR to CT in its own units; slices larger than its window are reduced for it."""
    net, card = load_network(source)
    values, (side, _) = Range(*card["range"]), sides_of(card)

    def predict(mr: Volume) -> Volume:
        small = reduced(mr, side) if mr.shape[1] > side else mr
        made = values.value(synthesize(net, unit_mr(Subject(source, small)), sides_of(card)))
        return enlarged(made, mr) if small is not mr else made

    return predict


def mean_score(scores: Sequence[Scores]) -> Scores:
    """The mean of several networks on one subject."""
    return Scores(*(statistics.fmean(values) for values in zip(*scores)))


def _row(label: str, scores: Sequence[Scores], rival: Sequence[Scores] | None, count: int) -> Mapping[str, Any]:
    tested = {"p": paired_test(scores, rival)} if rival is not None and rival is not scores else {}
    return {
        "method": label, "networks": count, **summary(scores), **tested,
        "subjects": [score._asdict() for score in scores], "published": PUBLISHED.get(label, {}),
    }  # fmt: skip
