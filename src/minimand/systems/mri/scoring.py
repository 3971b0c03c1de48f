"""Scores of a file against another."""

import numpy as np
import torch

from minimand.io import InputError, read_array
from minimand.metrics import Scores, score


def score_files(recon: str, truth: str) -> Scores:
    """Scores of each image, with the maximum magnitude of its truth as the peak. A truth of zeros is left out.

    Raises InputError where shapes differ, values are not finite or there is no image to score.
    """
    x, t = (_images(spec) for spec in (recon, truth))
    if x.shape != t.shape:
        raise InputError(f"{recon}: has shape {x.shape}, {truth} has {t.shape}; they must be of one size and order.")
    filled = np.abs(t).reshape(len(t), -1).max(1) > 0
    if not filled.any():
        raise InputError(f"{truth}: is zero everywhere, there is nothing to score against.")
    x, t = x[filled], t[filled]
    if min(t.shape[-2:]) < 11:
        raise InputError(
            f"{truth}: images of {t.shape[-2]} x {t.shape[-1]} are smaller than the 11 x 11 window of SSIM."
        )
    peak = torch.from_numpy(np.abs(t).reshape(len(t), -1).max(1))
    return score(torch.from_numpy(x), torch.from_numpy(t), peak=peak)


def _images(spec: str) -> np.ndarray:
    stored = read_array(spec, prefer=("image", "images", "img", "label", "x"))
    array = stored.array
    if array.ndim < 2:
        raise InputError(f"{stored.name}: shape {array.shape} holds no image.")
    if not np.isfinite(array).all():
        raise InputError(
            f"{stored.name}: {int((~np.isfinite(array)).sum())} values are not finite; nothing can be scored."
        )
    dtype = np.complex128 if array.dtype.kind == "c" else np.float64
    return array.astype(dtype).reshape(-1, *array.shape[-2:])
