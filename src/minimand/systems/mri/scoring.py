"""Scores of a file against another."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from minimand.io import InputError, read_array
from minimand.io.pictures import grey
from minimand.metrics import WINDOW, Scores, score


class Scored(NamedTuple):
    """Scores of each image, and the factor that would bring all reconstructions nearest to their truths."""

    scores: Scores
    factor: float


def score_files(recon: str, truth: str) -> Scored:
    """Scores of each image, with the maximum magnitude of its truth as the peak. A truth of zeros is left out.

    Raises InputError where shapes differ, values are not finite or there is no image to score.
    """
    x, t = _images(recon), _images(truth)
    if x.shape != t.shape:
        raise InputError(f"{recon}: holds {_text(x)}, {truth} {_text(t)}; they must be of one size and order.")
    largest = np.abs(t).max((1, 2))
    filled = largest > 0
    if not filled.any():
        raise InputError(f"{truth}: is zero everywhere, there is nothing to score against.")
    require_window(truth, t.shape)
    x, t, peak = x[filled], t[filled], torch.from_numpy(largest[filled])
    a, b = np.abs(x), np.abs(t)
    factor = float((a * b).sum() / (a * a).sum()) if a.any() else 1.0
    return Scored(score(torch.from_numpy(x), torch.from_numpy(t), peak=peak), factor)


def require_window(name: str, shape: Sequence[int]) -> None:
    """Raise InputError for images that are too small for SSIM."""
    height, width = shape[-2:]
    if min(height, width) < WINDOW:
        raise InputError(
            f"{name}: images of {height} x {width} cannot be scored, SSIM has a window of {WINDOW} x {WINDOW}."
        )


def _images(spec: str) -> np.ndarray:
    """(images, height, width), float64 or complex128."""
    stored = read_array(spec, prefer=("image", "images", "img", "label", "x"))
    array = grey(stored.array) if stored.channels else stored.array
    if array.ndim < 2 or array.size == 0:
        raise InputError(f"{stored.name}: shape {array.shape} holds no image.")
    if not np.isfinite(array).all():
        raise InputError(
            f"{stored.name}: {int((~np.isfinite(array)).sum())} values are not finite; nothing can be scored."
        )
    dtype = np.complex128 if array.dtype.kind == "c" else np.float64
    return array.astype(dtype).reshape(-1, *array.shape[-2:])


def _text(images: np.ndarray) -> str:
    count, height, width = images.shape
    return f"{count} image{'s' * (count > 1)} of {height} x {width}"
