"""The report on segmented images: contours, where atlases disagree, and which atlas counted how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from minimand.io import ensure_folder_for_report, write_text_atomic
from minimand.metrics import dice
from minimand.reports.figures import error_png, figure_png, grey_png
from minimand.reports.html import Block, Facts, Gallery, Picture, Section, Table, Text, render
from minimand.systems.segmentation.fusion import Rule
from minimand.systems.segmentation.scores import Overlap
from minimand.systems.segmentation.segment import Segmented, Warped

COLOURS = ("#ff5d5d", "#4dc3ff", "#ffd54d", "#7ee081", "#d991ff", "#ff9d4d")  # of labels, in turn
SIDE = 3.2  # of a picture, inches
HALF = 0.5  # share of the vote that has the last colour
SLAB = 8  # slices on either side that are enough for the votes of the one shown

Image = Float[Tensor, "height width"]


@dataclass(frozen=True)
class Entry:
    """One target. counts: how much every atlas counted at each pixel of the slice that is shown, 0 to 1, None for rules
    without weights of place; truth, scores: where there is a truth.
    """

    name: str
    found: Segmented
    counts: Float[Tensor, "atlas height width"] | None
    spacing: Sequence[float]
    truth: Int64[Tensor, "depth height width"] | None
    scores: Mapping[int, Overlap]


def write_report(folder: Path, title: str, entries: Sequence[Entry], *, force: bool = False) -> Path:
    """index.html in `folder`, nothing but it needed to look at it. Raises InputError as `check_folder` does."""
    folder = ensure_folder_for_report(folder, force)
    page = render(title, [Section(e.name, blocks(e)) for e in entries], subtitle="no medical device")
    write_text_atomic(folder / "index.html", page, force)
    return folder / "index.html"


def shown_slice(found: Segmented) -> int:
    """The slice with most labelled voxels."""
    return int((found.labels > 0).flatten(1).sum(1).argmax())


def counted(rule: Rule, seen: Warped, k: int) -> Float[Tensor, "atlas height width"]:
    """How much each atlas counts at every pixel of slice k: the votes of the rule when each has a label of its own."""
    part = slice(max(0, k - SLAB), k + SLAB + 1)
    target, images = seen.target[part], seen.images[:, part]
    own = torch.eye(len(images))[..., None, None, None].expand(-1, -1, *target.shape)
    with torch.no_grad():
        return rule(target, images, own)[:, min(k, SLAB)]


def blocks(e: Entry) -> list[Block]:
    """What the report shows of one target: facts, contours, doubt, scores and the atlases."""
    k = shown_slice(e.found)
    image = e.found.warped.target[k]
    columns = [
        [Picture("target", grey_png(image.rot90(), 1.0), "the target")],
        [Picture("labels", _contours(image, e.found.labels[k], e.found.numbers), "contours of the labels")],
    ]
    if e.truth is not None:
        columns.append([Picture("truth", _contours(image, e.truth[k], e.found.numbers), "contours of the truth")])
    doubt = _map(e.found.disagreement[k], 1.0)
    columns.append([Picture("disagreement, 0 to 1", doubt, "where atlases disagree")])
    shown: list[Block] = [Facts(_facts(e, k)), Gallery(columns, width=12.0)]
    if e.scores:
        rows = [[f"label {n}", *(f"{v:.3f}" for v in s[:2]), *(f"{v:.2f}" for v in s[2:])] for n, s in e.scores.items()]
        shown.append(Table("Against the truth.", ["", "Dice", "Jaccard", "mean distance, mm", "Hausdorff, mm"], rows))
    return [*shown, *_atlases(e, k)]


def _atlases(e: Entry, k: int) -> list[Block]:
    """The atlases, with the part that each had in the labels and its own opinion in pictures."""
    seen, found = e.found.warped, e.found
    opinions = torch.tensor(found.numbers)[seen.labels.argmax(1)]
    agreement = dice(opinions > 0, (found.labels > 0).expand_as(opinions)).tolist()
    inside = found.disagreement[k] > 0
    header, rows = ["", "Dice with the result"], [[n, f"{a:.3f}"] for n, a in zip(found.atlases, agreement)]
    if e.counts is not None and bool(inside.any()):
        header.append("share of the vote where atlases disagree")
        rows = [[*row, f"{100 * float(c[inside].mean()):.0f} %"] for row, c in zip(rows, e.counts, strict=True)]
    columns = []
    for i, name in enumerate(found.atlases):
        opinion = _contours(seen.images[i, k], opinions[i, k], found.numbers)
        column = [Picture(name, opinion, f"{name}, registered, with its labels")]
        if e.counts is not None:
            column.append(Picture("its vote", _map(e.counts[i], HALF), f"where {name} counts most"))
        columns.append(column)
    below = "; below, its share of the vote, 0 to one half and more" if e.counts is not None else ""
    return [
        Table("The atlases, the most alike first.", header, rows),
        Gallery(columns, width=8.5, small=True),
        Text(f"Every atlas as it was registered, with its own labels{below}."),
    ]


def _facts(e: Entry, k: int) -> list[tuple[str, str]]:
    z, y, x = e.spacing
    depth, height, width = e.found.labels.shape
    size = f"{height} x {width} pixels" if depth == 1 else f"{depth} x {height} x {width} voxels; slice {k} is shown"
    facts = [("size", size)]
    for number in e.found.numbers[1:]:
        voxels = int((e.found.labels == number).sum())
        measure = f"{voxels * y * x:.0f} mm^2" if depth == 1 else f"{voxels * z * y * x / 1000:.2f} ml"
        facts.append((f"label {number}", f"{voxels} voxels, {measure}"))
    return facts


def _map(values: Image, scale: float) -> bytes:
    return error_png(values.rot90(), torch.zeros_like(values).rot90(), scale)


def _contours(image: Image, labels: Int64[Tensor, "height width"], numbers: Sequence[int]) -> bytes:
    """The image with a line round every label, the second axis of the file up."""
    from matplotlib.figure import Figure

    grey, marked = image.rot90().numpy(), labels.rot90()
    height, width = grey.shape
    figure = Figure(figsize=(SIDE, SIDE * height / width))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.imshow(grey, cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    for n, number in enumerate(numbers[1:]):
        inside = (marked == number).double().numpy()
        if 0 < inside.mean() < 1:
            axes.contour(inside, levels=[0.5], colors=COLOURS[n % len(COLOURS)], linewidths=1.6)
    return figure_png(figure)
