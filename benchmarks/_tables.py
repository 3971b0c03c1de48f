"""The tables of README.md and docs/speed.md, made from what the benchmarks recorded.

They stand between `<!-- make bench: NAME -->` and `<!-- end -->`; everything else in these documents is left alone.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

Kept = dict[str, Any]  # benchmark -> what is kept of it


def filled(text: str, kept: Kept) -> str:
    """The text with its tables made anew; one whose benchmarks were never recorded stays as it is."""

    def table(found: re.Match[str]) -> str:
        rows = _rows(TABLES[found["name"]], kept)
        return "\n".join([found["begin"], *rows, found["end"]]) if rows else found[0]

    return re.sub(
        r"(?P<begin><!-- make bench: (?P<name>[\w-]+) -->)\n.*?\n(?P<end><!-- end -->)", table, text, flags=re.S
    )


def _rows(make: Callable[[Kept], list[Sequence[str]]], kept: Kept) -> list[str]:
    try:
        head, *rows = make(kept)
    except KeyError:
        return []
    return [_row(head), "|" + "---|" * len(head), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def _line(kept: Kept, benchmark: str, result: str, **chosen: Any) -> dict[str, Any]:
    """The recorded line of a result. Raises KeyError."""
    for line in kept[benchmark]["lines"]:
        if line["result"] == result and all(line[key] == value for key, value in chosen.items()):
            return line
    raise KeyError(result)


def _seconds(kept: Kept, benchmark: str, result: str) -> str:
    return f"{_line(kept, benchmark, result)['seconds']:.2g} s"


def _questions(kept: Kept) -> list[Sequence[str]]:
    tv, sigpy = (
        _line(kept, "tv_speed", f"{name}, anisotropic") for name in ("minimand ADMM", "sigpy TotalVariationRecon")
    )
    memory = {
        n: f"{_line(kept, 'admm_net_speed', 'memory of a training step', checkpoint=n)['mebibytes']:.0f} MiB"
        for n in (None, 3)
    }
    alone = _line(kept, "admm_net_speed", "ratio of the curves alone")["ratio"]
    field = {kind: _line(kept, "shrinkage_field", f"{kind}, ratio")["ratio"] for kind in ("inference", "training")}
    return [
        ("question", "ours", "other"),
        ("TV to within 0.5 % of the optimal energy", f"{tv['seconds']:.2g} s, {tv['iterations']} iterations",
         f"sigpy, {sigpy['iterations']} iterations: {sigpy['seconds']:.2g} s, "
         f"still {sigpy['above_percent']:.1f} % above"),
        ("9-stage ADMM-Net, one image", _seconds(kept, "admm_net_speed", "one image"),
         "the authors' MATLAB, 15 stages, on their machine: 0.69 s"),
        ("training step, 9 stages, batch 4", _seconds(kept, "admm_net_speed", "training step"),
         f"curves by gathers: {_seconds(kept, 'admm_net_speed', 'training step, curves by gathers')} "
         f"(curve layer alone: {alone:.1f} times)"),
        ("memory of that step", memory[None], f"checkpointed every 3 stages: {memory[3]}"),
        ("shrinkage field, 128 filters 5x5, one stage", _seconds(kept, "shrinkage_field", "inference, one stage"),
         f"plain torch: {_seconds(kept, 'shrinkage_field', 'inference, one stage, plain torch')} "
         f"({field['inference']:.0f} times)"),
        ("the same with gradients", _seconds(kept, "shrinkage_field", "training, one stage"),
         f"plain torch: {_seconds(kept, 'shrinkage_field', 'training, one stage, plain torch')} "
         f"({field['training']:.0f} times)"),
        ("10-stage ADMM-CSNet, 128 filters, one image",
         _seconds(kept, "shrinkage_field", "network of 10 stages, one image"),
         "the authors' MATLAB on their machine: 3.83 s, on a GPU 0.65 s"),
    ]  # fmt: skip


def _gpu(kept: Kept) -> list[Sequence[str]]:
    """Seconds an image, on a GPU and on one thread of the processor beside it."""
    rows: list[Sequence[str]] = [("256 x 256", "processor", "GPU, one image", "GPU, each of 32", "times as fast")]
    for name in ("tv", "admm-net", "admm-csnet"):
        slow, one, many = (
            _line(kept, "reconstruction_gpu", f"{name}, {what}")
            for what in ("one image, processor", "batch of 1", "batch of 32")
        )
        each = [f"{n:.2g} s" for n in (slow["seconds"], one["seconds_an_image"], many["seconds_an_image"])]
        rows.append((name, *each, f"{many['times_as_fast']:.0f}"))
    return rows


def _field(kept: Kept) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [
        ("one stage", "kernel", "plain torch", "ratio", "counted multiply-adds at the rate of a matrix product",
         "two threads", "two threads in torch's matrix product"),
    ]  # fmt: skip
    for kind, name in (("inference", "inference"), ("training", "training step")):
        kernel, two = (_line(kept, "shrinkage_field", f"{kind}, {what}") for what in ("one stage", "two threads"))
        plain = _seconds(kept, "shrinkage_field", f"{kind}, one stage, plain torch")
        ratio = _line(kept, "shrinkage_field", f"{kind}, ratio")["ratio"]
        floor, faster, torch = f"{kernel['floor']:.2g} s", f"{two['ratio']} times", f"{two['machine']} times"
        rows.append((name, f"{kernel['seconds']:.2g} s", plain, f"{ratio:.0f}", floor, faster, torch))
    return rows


def _growth(what: str, name: str, sizes: Sequence[object]) -> Callable[[Kept], list[Sequence[str]]]:
    """A row of seconds by size; name: that of the recorded results."""

    def rows(kept: Kept) -> list[Sequence[str]]:
        seconds = [f"{_line(kept, 'shrinkage_field', name.format(n))['seconds']:.2g}" for n in sizes]
        return [(what, *map(str, sizes)), ("seconds", *seconds)]

    return rows


TABLES = {
    "questions": _questions,
    "field": _field,
    "gpu": _gpu,
    "pixels": _growth("pixels along a side", "{0} x {0}", (64, 128, 256, 512)),
    "filters": _growth("filters", "{} filters", (16, 32, 64, 128, 256)),
    "sides": _growth("side of a filter", "filters {0} x {0}", (3, 5, 7)),
    "stages": _growth("stages of a network", "{} stages", (5, 10, 15)),
}
