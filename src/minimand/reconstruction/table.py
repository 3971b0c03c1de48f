"""Rows of a table of the talk: methods and networks on the same images, ours beside the published figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from minimand.io import InputError
from minimand.reconstruction.acquisition import Measure
from minimand.reconstruction.compare import Compared, compare
from minimand.reconstruction.methods import METHODS

Show = Callable[[str, int, int], None]  # label of a rival, its number, how many there are


class Rival(NamedTuple):
    """A row: its label, the method and the weights of a learned one; missing: why there is nothing to run."""

    label: str
    method: str
    weights: str | None = None
    missing: str | None = None


def silent(label: str, k: int, n: int) -> None:
    """Show nothing."""
    return


def part(on: str, taken: int, there: int) -> str:
    """What a table is on, where only the first of its images are taken."""
    return on if taken == there else f"{on}, the first {taken}"


def classical(names: Sequence[str]) -> list[Rival]:
    """Rows of methods without weights; those that this version does not have say so."""
    return [Rival(n, n, None, None if n in METHODS else "not in this version") for n in names]


def table_rows(
    arrays: Sequence[np.ndarray],
    measure: Measure,
    rivals: Sequence[Rival],
    published: Mapping[str, Mapping[str, float]],
    *,
    peaks: Sequence[float] | None = None,
    show: Show = silent,
) -> tuple[list[dict[str, Any]], Compared | None]:
    """A row of every rival with means, values of every image and the published figures, and all images together.

    A rival that refuses these measurements or whose weights are not at hand says why in place of figures.
    """
    rows: list[dict[str, Any]] = []
    together: Compared | None = None
    for k, (label, method, weights, missing) in enumerate(rivals, 1):
        beside = {"published": dict(published.get(label, {}))}
        done = None
        if missing is None:
            show(label, k, len(rivals))
            try:
                done = compare(arrays, measure, [method], weights=weights, network=method, peaks=peaks)
            except InputError as error:
                missing = str(error)
        if done is None:
            rows.append({"method": label, "unavailable": missing, **beside})
            continue
        each = {field: values.tolist() for field, values in done.scores[method]._asdict().items()}
        rows.append({"method": label, **done.table()[method], **beside, "images": each})
        together = _joined(together, _labelled(done, method, label))
    return rows, together


def _labelled(done: Compared, method: str, label: str) -> Compared:
    """A comparison of one method under the label of its row."""
    return replace(
        done, methods={label: done.methods[method]}, results={label: done.results[method]},
        scores={label: done.scores[method]}, seconds={label: done.seconds[method]},
    )  # fmt: skip


def _joined(a: Compared | None, b: Compared) -> Compared:
    """Two comparisons on the same measurements as one."""
    if a is None:
        return b
    return replace(
        a, methods=a.methods | b.methods, results=a.results | b.results, scores=a.scores | b.scores,
        seconds=a.seconds | b.seconds,
    )  # fmt: skip
