"""One picture of one image: the truth and each method in a row, the mask and the error maps below."""

import io
import math
from typing import TYPE_CHECKING

from minimand.reports.figures import ERROR_COLOURS, LIGHT, figure_png, grey_window, magnitude
from minimand.reports.reconstruction import ImageReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


def summary_png(image: ImageReport, *, peak: float = 1.0) -> bytes:
    """A PNG on white, 160 dots per inch, a column for the truth and for each method; error maps to a tenth of `peak`.

    Raises ValueError without a truth.
    """
    from matplotlib.figure import Figure

    if image.truth is None:
        raise ValueError(f"a summary needs the truth of {image.name}, got none.")
    columns, scale = 1 + len(image.reconstructions), 0.1 * peak
    window = grey_window(image.truth)
    height, width = image.truth.shape
    cell = 2.1
    figure = Figure(figsize=(cell * columns + 0.7, 2 * cell * height / width + 0.6), layout="constrained")
    axes = figure.subplots(2, columns, squeeze=False)
    _show(axes[0, 0], magnitude(image.truth), window, "gray", "truth")
    if image.mask is not None:
        rate = 100 * float(image.mask.double().mean())
        _show(axes[1, 0], image.mask.cpu().double().numpy(), 1.0, "gray", f"sampled: {rate:.0f} % of k-space")
    else:
        axes[1, 0].set_visible(False)
    for j, (method, x) in enumerate(image.reconstructions.items(), 1):
        psnr = image.scores[method].psnr if method in image.scores else math.nan
        _show(axes[0, j], magnitude(x), window, "gray", method if math.isnan(psnr) else f"{method}  {psnr:.2f} dB")
        errors = _show(axes[1, j], magnitude(x - image.truth), scale, ERROR_COLOURS, "|x − truth|")
        if j == columns - 1:
            bar = figure.colorbar(
                errors, ax=axes[1, 1:].tolist(), fraction=0.03, pad=0.01, ticks=[0, scale], format="%.3g"
            )
            bar.ax.tick_params(colors=LIGHT.quiet, labelsize=8, length=0)
            bar.outline.set_visible(False)  # type: ignore[operator]
    return _small(figure_png(figure))


def _small(png: bytes) -> bytes:
    """The same picture in 256 colours, a third of the size: it is meant for pages that people load."""
    from PIL import Image

    stream = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256).save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def _show(axes: "Axes", values: object, top: float, colours: str, title: str) -> "AxesImage":
    axes.set_axis_off()
    axes.set_title(title, fontsize=9, color=LIGHT.ink, pad=4)
    return axes.imshow(values, cmap=colours, vmin=0, vmax=top, interpolation="nearest")  # type: ignore[arg-type]
