"""The pictures of a report, as PNG bytes: images and error maps pixel by pixel, and charts for light and dark pages.

A grey window or an error scale is always handed in, so that pictures meant to be compared share it.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Bool, Float, Shaped, UInt8
from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ZOOM = 0.4  # part of the control points' range that a curve chart shows
ERROR_COLOURS, FILTER_COLOURS = "inferno", "RdBu_r"


@dataclass(frozen=True)
class Theme:
    """The colours of a chart: lines and text, things in the background, the thing to look at, a second one."""

    ink: str
    quiet: str
    line: str
    first: str
    second: str


LIGHT = Theme(ink="#1b1f24", quiet="#57606a", line="#d5dae0", first="#0b5cad", second="#c4501b")
DARK = Theme(ink="#e6e9ed", quiet="#a0a8b2", line="#353c45", first="#7db8f5", second="#f0a070")


def magnitude(image: Shaped[Tensor, "height width"]) -> Float[np.ndarray, "height width"]:
    """|image| as a float64 array on the host; what is not finite becomes 0."""
    modulus = image.detach().cpu().to(torch.complex128).abs()
    return modulus.nan_to_num(nan=0.0, posinf=0.0).numpy()


def grey_window(image: Shaped[Tensor, "height width"]) -> float:
    """The magnitude to show as white: the 99.8th percentile, so that a few bright pixels do not darken the rest."""
    return float(np.quantile(magnitude(image), 0.998)) or 1.0


def grey_png(image: Shaped[Tensor, "height width"], window: float) -> bytes:
    """Magnitudes from black at 0 to white at `window`, a pixel each."""
    return _png(_levels(magnitude(image), window), None)


def error_png(x: Shaped[Tensor, "height width"], truth: Shaped[Tensor, "height width"], scale: float) -> bytes:
    """|x - truth| in colours from 0 to `scale`, a pixel each; larger errors take the last colour."""
    return _png(_levels(magnitude(x - truth), scale), ERROR_COLOURS)


def mask_png(mask: Bool[Tensor, "height width"]) -> bytes:
    """White where k-space is sampled. The mask comes with zero frequency where it is to be seen: the centre."""
    return _png(_levels(mask.detach().cpu().numpy().astype(float), 1.0), None)


def colour_bar_png() -> bytes:
    """The colours of an error map from 0 (left) to its scale (right)."""
    return _png(np.repeat(np.arange(256, dtype=np.uint8)[None], 8, axis=0), ERROR_COLOURS)


def both_themes(draw: Callable[[Theme], "Figure"]) -> tuple[bytes, bytes]:
    """A chart drawn for a light and for a dark page, on a transparent ground."""
    return figure_png(draw(LIGHT), transparent=True), figure_png(draw(DARK), transparent=True)


def figure_png(figure: "Figure", *, transparent: bool = False) -> bytes:
    """The figure at 160 dots per inch."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=160, transparent=transparent)
    return stream.getvalue()


def stage_chart(psnr: Sequence[float], theme: Theme) -> "Figure":
    """PSNR in dB after every stage; psnr[0] is that of the start, stage 0."""
    figure, axes = new_chart((5.0, 2.6), theme)
    stages = np.arange(len(psnr))
    axes.plot(stages, psnr, color=theme.first, marker="o", markersize=4, linewidth=1.8)
    finite = [i for i in (0, len(psnr) - 1) if np.isfinite(psnr[i])]
    for i in finite:
        axes.annotate(
            f"{psnr[i]:.2f}",
            (i, psnr[i]),
            textcoords="offset points",
            xytext=(0, 7),
            ha="center",
            color=theme.ink,
            fontsize=9,
        )
    axes.margins(x=0.05, y=0.18)
    axes.set_xticks(stages if len(psnr) <= 20 else stages[::5])
    axes.set_xlabel("stage (0 is the start)")
    axes.set_ylabel("PSNR, dB")
    axes.grid(axis="y", color=theme.line, linewidth=0.7)
    return figure


def filter_chart(filters: Float[Tensor, "stages filters k k"], theme: Theme) -> "Figure":
    """Every filter of every stage, a row a stage; colours from -m to m, m the largest coefficient of all."""
    stages, count, k, _ = filters.shape
    kernels = filters.detach().cpu().double().numpy()
    tile = np.full((stages, k + 1, count, k + 1), np.nan)
    tile[:, :k, :, :k] = kernels.transpose(0, 2, 1, 3)
    sheet = tile.reshape(stages * (k + 1), count * (k + 1))[:-1, :-1]
    largest = float(np.abs(kernels).max()) or 1.0
    cell = min(0.42, 5.4 / count)
    figure, axes = new_chart((cell * count + 1.2, cell * stages + 0.7), theme)
    picture = axes.imshow(sheet, cmap=FILTER_COLOURS, vmin=-largest, vmax=largest, interpolation="nearest")
    axes.set_xticks(np.arange(count) * (k + 1) + (k - 1) / 2, [str(i + 1) for i in range(count)])
    axes.set_yticks(np.arange(stages) * (k + 1) + (k - 1) / 2, [str(i + 1) for i in range(stages)])
    axes.set_xlabel("filter")
    axes.set_ylabel("stage")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    ticks = [-largest, 0, largest]
    bar = figure.colorbar(picture, ax=axes, shrink=0.5, aspect=14, pad=0.03, ticks=ticks, format="%.2g")
    bar.ax.tick_params(colors=theme.quiet, labelsize=8, length=0)
    bar.outline.set_visible(False)  # type: ignore[operator]
    return figure


def curve_chart(
    points: Float[Tensor, " points"],
    values: Float[Tensor, "filters points"],
    born: Float[Tensor, " points"] | None,
    theme: Theme,
) -> "Figure":
    """The shrinkage curves of one stage around 0, with the identity (dotted) and the curve they began as (dashed)."""
    figure, axes = new_chart((2.3, 2.3), theme)
    grid, curves = points.detach().cpu().double().numpy(), values.detach().cpu().double().numpy()
    axes.plot(grid, grid, color=theme.quiet, linewidth=0.8, linestyle=":")
    opacity = min(0.9, 0.25 + 4 / len(curves))
    axes.plot(grid, curves.T, color=theme.first, linewidth=0.9, alpha=opacity)
    if born is not None:
        axes.plot(grid, born.detach().cpu().double().numpy(), color=theme.second, linewidth=1.2, linestyle="--")
    reach = ZOOM * float(np.abs(grid).max())
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_xticks([-reach, 0, reach])
    axes.set_yticks([-reach, 0, reach])
    axes.set_aspect("equal")
    axes.grid(color=theme.line, linewidth=0.6)
    return figure


def new_chart(size: tuple[float, float], theme: Theme) -> tuple["Figure", "Axes"]:
    """An empty chart in the colours of the theme, without a frame above and to the right. size: inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    axes.set_facecolor("none")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(theme.line)
    axes.tick_params(colors=theme.quiet, labelsize=9)
    axes.xaxis.label.set_color(theme.ink)
    axes.yaxis.label.set_color(theme.ink)
    return figure, axes


def _levels(values: Float[np.ndarray, "height width"], top: float) -> UInt8[np.ndarray, "height width"]:
    return np.rint(255 * np.clip(values / top, 0, 1)).astype(np.uint8)


def _png(levels: UInt8[np.ndarray, "height width"], colours: str | None) -> bytes:
    """256 levels as a PNG, grey or through a palette."""
    from matplotlib import colormaps
    from PIL import Image

    picture = Image.fromarray(levels)
    if colours is not None:
        palette = np.rint(255 * colormaps[colours](np.arange(256))[:, :3]).astype(np.uint8)
        picture.putpalette(palette.tobytes())
    stream = io.BytesIO()
    picture.save(stream, format="PNG", optimize=True)
    return stream.getvalue()
