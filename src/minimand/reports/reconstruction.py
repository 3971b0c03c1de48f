"""The report on a reconstruction: every method beside the truth, error maps, scores and a look inside the network."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean, stdev
from typing import NamedTuple

from jaxtyping import Bool, Shaped
from torch import Tensor

from minimand.reports.figures import colour_bar_png, error_png, grey_png, grey_window, mask_png
from minimand.reports.html import Block, Facts, Gallery, Picture, Section, Table, Text, render
from minimand.reports.network import NetworkView, network_section

HEADER = ("NMSE", "PSNR, dB", "SSIM", "seconds")


class MethodScore(NamedTuple):
    """Figures of one reconstruction; nan where one is not known (without a truth, only the time is)."""

    nmse: float = math.nan
    psnr: float = math.nan
    ssim: float = math.nan
    seconds: float = math.nan


@dataclass(frozen=True)
class ImageReport:
    """One image and what each method made of it. mask: zero frequency in the centre, for looking at.

    Reconstructions may be left out (of images that are scored but not shown), and so may truth and mask.
    """

    name: str
    reconstructions: Mapping[str, Shaped[Tensor, "height width"]]
    scores: Mapping[str, MethodScore] = field(default_factory=dict)
    truth: Shaped[Tensor, "height width"] | None = None
    mask: Bool[Tensor, "height width"] | None = None


def reconstruction_report(
    title: str,
    images: Sequence[ImageReport],
    *,
    facts: Sequence[tuple[str, str]] = (),
    network: NetworkView | None = None,
    peak: float = 1.0,
    shown: int = 4,
) -> str:
    """One HTML page: means and spread, up to `shown` images with error maps to a tenth of the peak, every score.

    facts: name and value of what made the figures (mask, weights, device). peak: the greatest magnitude there is.
    """
    if not images:
        raise ValueError("a report needs at least one image, got none.")
    sections = [_summary(images, facts)]
    pictured = [image for image in images if image.reconstructions][:shown]
    sections += [_image_section(image, 0.1 * peak) for image in pictured]
    if network is not None:
        sections.append(network_section(network))
    if len(images) > 1 and any(image.scores for image in images):
        sections.append(_every_score(images, len(pictured)))
    methods = len(_methods(images))
    subtitle = f"{_count(len(images), 'image')}, {_count(methods, 'method')}"
    if 0 < len(pictured) < len(images):
        subtitle += f"; pictures of {len(pictured)}"
    return render(title, sections, subtitle=subtitle)


def _summary(images: Sequence[ImageReport], facts: Sequence[tuple[str, str]]) -> Section:
    scores = {
        method: [image.scores[method] for image in images if method in image.scores] for method in _methods(images)
    }
    scores = {method: values for method, values in scores.items() if values}
    blocks: list[Block] = [Facts(facts)] if facts else []
    if scores:
        rows = [[method, *(_spread([s[j] for s in values], j) for j in range(4))] for method, values in scores.items()]
        best = _best([[mean([s[j] for s in values]) for j in range(4)] for values in scores.values()])
        caption = f"Mean ± standard deviation over {len(images)} images. " if len(images) > 1 else ""
        caption += "NMSE is ||x − t|| / ||t||, PSNR and SSIM are of magnitudes, seconds are per image."
        blocks.append(Table(caption + (" Best in bold." if best else ""), ("method", *HEADER), rows, best))
        if best and len(images) > 1:
            blocks.append(Text(_wins(images)))
    if all(image.truth is None for image in images):
        blocks.append(Text("There is no truth to compare with, so no errors are given."))
    return Section("Scores" if scores else "Overview", blocks)


def _image_section(image: ImageReport, scale: float) -> Section:
    reference = image.truth if image.truth is not None else list(image.reconstructions.values())[-1]
    window = grey_window(reference)
    columns = [_reference_column(image, window)] if image.truth is not None or image.mask is not None else []
    for method, x in image.reconstructions.items():
        psnr = image.scores[method].psnr if method in image.scores else math.nan
        caption = method if math.isnan(psnr) else f"{method}: {psnr:.2f} dB"
        column = [Picture(caption, grey_png(x, window), f"{image.name} reconstructed by {method}")]
        if image.truth is not None:
            alt = f"Error map of {method} on {image.name}"
            column.append(Picture(f"|{method} − truth|", error_png(x, image.truth, scale), alt))
        columns.append(column)
    blocks: list[Block] = [Text(f"Grey window 0 to {window:.3g} in every picture."), Gallery(columns)]
    if image.truth is not None:
        caption = f"Error maps: 0 (left) to {scale:.3g} (right) and above, the same for every method."
        blocks.append(Gallery([[Picture(caption, colour_bar_png(), f"Colour bar from 0 to {scale:.3g}")]], width=20.0))
    return Section(image.name, blocks)


def _reference_column(image: ImageReport, window: float) -> list[Picture]:
    column = []
    if image.truth is not None:
        column.append(Picture("truth", grey_png(image.truth, window), f"{image.name}, the truth"))
    if image.mask is not None:
        rate = float(image.mask.double().mean())
        column.append(Picture(f"sampled k-space, {100 * rate:.1f} %", mask_png(image.mask), "Sampling mask"))
    return column


def _every_score(images: Sequence[ImageReport], pictured: int) -> Section:
    rows = [
        [image.name, method, *(_number(value, j) for j, value in enumerate(s))]
        for image in images
        for method, s in image.scores.items()
    ]
    text = f"Pictures above are of {_count(pictured, 'image')}; the table has all {len(images)}."
    table = Table(
        f"Scores of each image ({_count(len(rows), 'row')})", ("image", "method", *HEADER), rows, collapsed=True
    )
    return Section("Image by image", [Text(text), table])


def _methods(images: Sequence[ImageReport]) -> list[str]:
    """Every method, in the order of first appearance."""
    return list(dict.fromkeys(method for image in images for method in (*image.scores, *image.reconstructions)))


def _wins(images: Sequence[ImageReport]) -> str:
    """On how many images each method has the highest PSNR."""
    known = [{m: s.psnr for m, s in image.scores.items() if not math.isnan(s.psnr)} for image in images]
    best = [max(psnr, key=psnr.__getitem__) for psnr in known if len(psnr) > 1]
    wins = sorted(Counter(best).items(), key=lambda item: -item[1])
    return "Highest PSNR: " + ", ".join(f"{m} on {n} of {_count(len(best), 'image')}" for m, n in wins) + "."


def _best(means: Sequence[Sequence[float]]) -> frozenset[tuple[int, int]]:
    """The best cell (row, column) of each score when several methods compete; the time is not a contest."""
    cells = set()
    for j, sign in enumerate((-1, 1, 1)):
        column = [sign * row[j] for row in means]
        if len(column) > 1 and not any(math.isnan(value) for value in column):
            cells.add((column.index(max(column)), j + 1))
    return frozenset(cells)


def _spread(values: Sequence[float], j: int) -> str:
    if len(values) < 2 or j == 3 or not all(map(math.isfinite, values)):
        return _number(mean(values), j)
    return f"{_number(mean(values), j)} ± {_number(stdev(values), j)}"


def _number(value: float, j: int) -> str:
    if math.isnan(value):
        return "–"
    return "∞" if math.isinf(value) else f"{value:.{(4, 2, 4, 3)[j]}f}"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
