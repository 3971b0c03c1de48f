"""How images are measured: what a comparison or a training run asks of a system."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from minimand.io import Images
from minimand.reconstruction.self_supervised import Split, random_rows
from minimand.terms import LeastSquares

Measure = Callable[[Tensor, torch.Generator], LeastSquares]  # images (batch, height, width) -> their data term


@dataclass(frozen=True)
class Acquisition:
    """The ways of measuring that a network is to learn.

    measure: a mini-batch, each image in a way drawn at random. trials: each way by its name, as it is for validation
    (with a generator of seed 0: one size is always measured alike). rates: numbers measured a pixel, of every way, on
    images of a size. peaks: what counts as 1 in test images; None: the maximum magnitude of each. split: what a network
    sees of a measurement that is all it learns from. read: the measurements in a file.
    """

    measure: Measure
    trials: Mapping[str, Measure]
    rates: Callable[[tuple[int, int]], list[float]]
    peaks: Callable[[Images], Sequence[float]] | None = None
    split: Split = random_rows
    read: Callable[[str], LeastSquares] | None = None


def fixed(measure: Measure, images: Tensor, seed: int = 0) -> LeastSquares:
    """Images measured with a fresh generator."""
    return measure(images, torch.Generator().manual_seed(seed))
