"""A look inside an unrolled network: its image, filters and shrinkage curves, stage by stage."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float, Shaped
from torch import Tensor

from minimand.reports.figures import (
    ZOOM,
    both_themes,
    curve_chart,
    filter_chart,
    grey_png,
    grey_window,
    stage_chart,
)
from minimand.reports.html import Block, Gallery, Picture, Section, Text

SHOWN_FILTERS = 16


@dataclass(frozen=True)
class NetworkView:
    """What one network did to one image, and its numbers. Parts that a network lacks, or that are not known, are None.

    stages: the image before the first stage and after each one. psnr: in dB, as many. filters: of every stage.
    points: where the curves have their control points; curves: their values there; born: the curve before training.
    total: filters of a stage in all, where only the strongest are given.
    """

    method: str
    image: str
    stages: Shaped[Tensor, "images height width"]
    psnr: Sequence[float] | None = None
    filters: Float[Tensor, "stages filters k k"] | None = None
    points: Float[Tensor, " points"] | None = None
    curves: Float[Tensor, "stages filters points"] | None = None
    born: Float[Tensor, " points"] | None = None
    total: int | None = None


def network_section(view: NetworkView) -> Section:
    """The section of a report that shows `view`."""
    depth = len(view.stages) - 1
    blocks: list[Block] = [
        Text(
            f"{view.method} is an algorithm of {depth} iterations whose numbers were learned. "
            f"This is what each of them did to {view.image}."
        )
    ]
    if view.psnr is not None:
        light, dark = both_themes(lambda theme: stage_chart(view.psnr or (), theme))
        alt = "PSNR by stage in dB: " + ", ".join(f"{value:.2f}" for value in view.psnr)
        blocks.append(Picture("PSNR of the magnitude after every stage.", light, alt, dark, width=36.0))
    blocks.extend(_stage_images(view))
    if view.filters is not None:
        blocks.extend(_filters(view.filters, view.total))
    if view.points is not None and view.curves is not None:
        blocks.extend(_curves(view.points, view.curves, view.born))
    return Section(f"Inside {view.method}", blocks)


def _stage_images(view: NetworkView) -> list[Block]:
    window = grey_window(view.stages[-1])
    columns = []
    for i, image in enumerate(view.stages):
        name = "start" if i == 0 else f"stage {i}"
        caption = name if view.psnr is None else f"{name}: {view.psnr[i]:.2f} dB"
        columns.append([Picture(caption, grey_png(image, window), f"{view.image} after {name}")])
    return [Text(f"The image stage by stage, grey window 0 to {window:.3g}."), Gallery(columns, width=8.5, small=True)]


def _filters(filters: Float[Tensor, "stages filters k k"], total: int | None) -> list[Block]:
    count, k = filters.shape[1], filters.shape[2]
    shown = filters[:, :SHOWN_FILTERS]
    part = "" if count <= SHOWN_FILTERS else f"; the first {SHOWN_FILTERS} of {count} are shown"
    if total is not None and total > count:
        part = f"; the {count} strongest of {total} are shown"
    light, dark = both_themes(lambda theme: filter_chart(shown, theme))
    caption = f"Learned filters, {k}x{k} pixels, a row for each stage{part}. Red is positive, blue negative."
    return [
        Picture(
            caption, light, f"{count} filters in each of {len(filters)} stages", dark, width=2.6 * shown.shape[1] + 8
        )
    ]


def _curves(
    points: Float[Tensor, " points"],
    curves: Float[Tensor, "stages filters points"],
    born: Float[Tensor, " points"] | None,
) -> list[Block]:
    columns = []
    for i, values in enumerate(curves, 1):
        light, dark = both_themes(lambda theme, values=values: curve_chart(points, values, born, theme))  # type: ignore[misc]
        columns.append([Picture(f"stage {i}", light, f"Shrinkage curves of stage {i}, one for each filter", dark)])
    began = "; dashed: the curve before training" if born is not None else ""
    reach = float(points.abs().max())
    text = (
        f"Learned shrinkage curves, one line for each of the {curves.shape[1]} filters: filter response in, "
        f"shrunken response out{began}; dotted: no shrinkage. Shown is the middle, -{ZOOM * reach:g} to "
        f"{ZOOM * reach:g}, of control points from -{reach:g} to {reach:g}."
    )
    return [Text(text), Gallery(columns, width=9.0, small=True)]
