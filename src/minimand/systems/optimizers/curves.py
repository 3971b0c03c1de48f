"""Curves of losses over steps, on a logarithmic scale."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from torch import Tensor

from minimand.reports.figures import figure_png

SMOOTHED = 5  # steps whose mean is drawn


def curves_png(losses: Mapping[str, Float[Tensor, "steps runs"]], title: str) -> bytes:
    """Mean over the runs of each rule, smoothed over five steps; a band of one standard deviation of the runs'
    logarithms where there are several.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, found in losses.items():
        values = found.double().clamp_min(1e-12).numpy()
        mean, spread = _smooth(values.mean(1)), _smooth(np.log(values).std(1))
        steps = np.arange(1, len(mean) + 1)
        (line,) = axes.semilogy(steps, mean, label=name)
        if values.shape[1] > 1:
            band = mean * np.exp(-spread), mean * np.exp(spread)
            axes.fill_between(steps, *band, color=line.get_color(), alpha=0.15, linewidth=0)
    axes.set(title=title, xlabel="step", ylabel="loss on the mini-batch")
    axes.legend()
    return figure_png(figure)


def _smooth(values: np.ndarray) -> np.ndarray:
    """Means of the last five values, of fewer at the start."""
    total = np.cumsum(np.concatenate([np.zeros(1), values]))
    last = np.arange(1, len(values) + 1)
    first = np.maximum(last - SMOOTHED, 0)
    mean: np.ndarray = (total[last] - total[first]) / (last - first)
    return mean
