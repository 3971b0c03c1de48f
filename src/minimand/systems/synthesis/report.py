"""The report on made CT: slices, difference and MIND distance maps, a profile line and joint histograms."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minimand.io import ensure_folder_for_report, write_text_atomic
from minimand.reports.figures import Theme, both_themes, error_png, grey_png, new_chart
from minimand.reports.html import Facts, Gallery, Picture, Section, Text, render
from minimand.systems.synthesis.intensity import Range
from minimand.systems.synthesis.mind import mind
from minimand.systems.synthesis.scores import Scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARE = 0.25  # of the range of CT: the difference that has the last colour
BINS = 48

Volume = Float[Tensor, "slices height width"]
Image = Float[Tensor, "height width"]


@dataclass(frozen=True)
class Entry:
    """One subject. mr: from -1 to 1; ct, truth: in the values of `range`; scores: where there is a truth."""

    name: str
    mr: Volume
    ct: Volume
    truth: Volume | None
    range: Range
    scores: Scores | None


def write_report(folder: Path, title: str, entries: Sequence[Entry], *, force: bool = False) -> Path:
    """index.html in `folder`, nothing but it needed to look at it. Raises InputError as `check_folder` does."""
    folder = ensure_folder_for_report(folder, force)
    sections = [Section(Path(e.name).name, blocks(e)) for e in entries]
    page = render(title, sections, subtitle="no medical device")
    write_text_atomic(folder / "index.html", page, force)
    return folder / "index.html"


def blocks(e: Entry) -> list[Any]:
    """What the report shows of one subject: its middle slice, and histograms over all slices."""
    middle = len(e.ct) // 2
    mr, ct = e.mr[middle], e.ct[middle]
    truth = None if e.truth is None else e.truth[middle]
    low, width = e.range.low, e.range.high - e.range.low
    apart = mind_distance(mr, e.range.unit(ct))
    columns = [
        [Picture("MR", _upright(grey_png, mr + 1, 2.0), "MR")],
        [Picture("made CT", _upright(grey_png, ct - low, width), "made CT")],
    ]
    if truth is not None:
        columns += [
            [Picture("true CT", _upright(grey_png, (truth - low).clamp_min(0), width), "true CT")],
            [Picture(f"|made - true|, to {SHARE * width:.0f}", _difference(ct, truth, SHARE * width), "difference")],
        ]
    scale = float(apart.quantile(0.99)) or 1.0
    columns.append([Picture(f"MIND distance, to {scale:.2g}", _difference(apart, 0 * apart, scale), "MIND distance")])
    light, dark = both_themes(lambda theme: profile_chart(ct, truth, theme))
    shown: list[Any] = [Facts(_facts(e, middle)), Gallery(columns)]
    shown.append(Picture("CT along the middle of this slice, left to right.", light, "profile line", dark))
    pairs = [("made", e.ct)] + ([("true", e.truth)] if e.truth is not None else [])
    charts = []
    for name, volume in pairs:
        light, dark = both_themes(partial(histogram_chart, e.mr, volume, e.range))
        charts.append([Picture(f"MR and {name} CT", light, f"joint histogram of MR and {name} CT", dark)])
    text = "How often each pair of values occurs, over all slices, on a logarithmic scale."
    return [*shown, Gallery(charts, width=20.0), Text(text)]


def mind_distance(x: Image, y: Image) -> Image:
    """Sum over shifts of |F_a(x) - F_a(y)| at every pixel, from 0 (the same structure) to 2. Images from -1 to 1."""
    return (mind(x[None]) - mind(y[None])).abs().sum(1)[0]


def profile_chart(ct: Image, truth: Image | None, theme: Theme) -> "Figure":
    """CT along the middle line of a slice, made and true."""
    figure, axes = new_chart((6.0, 2.6), theme)
    if truth is not None:
        axes.plot(truth[:, truth.shape[1] // 2].numpy(), color=theme.second, linewidth=1.4, label="true")
    axes.plot(ct[:, ct.shape[1] // 2].numpy(), color=theme.first, linewidth=1.4, label="made")
    axes.legend(frameon=False, labelcolor=theme.ink)
    axes.set_xlabel("pixel")
    axes.set_ylabel("CT")
    return figure


def histogram_chart(mr: Volume, ct: Volume, values: Range, theme: Theme) -> "Figure":
    """The joint histogram of MR (across) and CT (up)."""
    pair = torch.stack([mr.flatten(), values.unit(ct).flatten()]).numpy()
    counts, _, _ = np.histogram2d(pair[0], pair[1], bins=BINS, range=[[-1, 1], [-1, 1]])
    figure, axes = new_chart((3.2, 3.0), theme)
    extent = (-1, 1, values.low, values.high)
    axes.imshow(np.log1p(counts).T, origin="lower", extent=extent, aspect="auto", cmap="viridis")
    axes.set_xlabel("MR, -1 to 1")
    axes.set_ylabel("CT")
    return figure


def _facts(e: Entry, middle: int) -> list[tuple[str, str]]:
    facts = [
        ("size", f"{len(e.ct)} slices of {e.ct.shape[1]} x {e.ct.shape[2]}; slice {middle} is shown"),
        ("CT", f"from {float(e.ct.min()):.0f} to {float(e.ct.max()):.0f}"),
    ]
    if e.scores:
        facts += [
            ("MAE", f"{e.scores.mae:.1f}"), ("PSNR", f"{e.scores.psnr:.2f} dB, peak {e.range.high - e.range.low:.0f}"),
            ("SSIM", f"{e.scores.ssim:.3f}"),
            ("SSIM (HG)", f"{e.scores.ssim_hg:.3f}, where the true CT is steeper than {e.scores.threshold:.0f}/pixel"),
        ]  # fmt: skip
    return facts


def _upright(draw: Any, image: Image, window: float) -> bytes:
    """A picture with the second axis of the volume up, as radiologists see it."""
    return bytes(draw(image.rot90(), window))


def _difference(x: Image, y: Image, scale: float) -> bytes:
    return error_png(x.rot90(), y.rot90(), scale)
