"""Sampling masks: which points of k-space were measured, zero frequency in the centre."""

from pathlib import Path

import numpy as np

from .errors import InputError
from .read import read_array
from .spec import Spec

NAMES = ("mask", "masks", "sampling", "M")


def read_mask(spec: str | Path | Spec) -> np.ndarray:
    """A mask from a file: bool, (height, width), zero frequency in the centre; or (width,), which columns are sampled.

    Booleans or numbers 0 and 1 (a PNG may use 0 and 255) of any type; axes of length 1 are dropped. Raises InputError
    for other values, more axes, and a mask that samples nothing.
    """
    stored = read_array(spec, prefer=NAMES)
    array = stored.array
    if stored.format == "picture" and array.dtype == np.uint8 and set(np.unique(array)) <= {0, 255}:
        array = array > 0
    mask = as_mask(array, stored.name)
    if mask.ndim == 3:
        raise InputError(f"{stored.name}: a mask is one plane, got shape {mask.shape}; pick one, {stored.name}[0].")
    return mask


def as_mask(array: np.ndarray, name: str) -> np.ndarray:
    """Bool of shape (slices, h, w), (h, w) or (w,) from booleans or 0 and 1. Raises InputError naming what is there."""
    if array.dtype != bool:
        real = array.real if array.dtype.kind == "c" else array
        if not np.isin(array, (0, 1)).all():
            values = np.unique(real[~np.isin(array, (0, 1))])[:4]
            found = ", ".join(f"{v:.4g}" for v in values)
            raise InputError(
                f"{name}: a mask holds 0 and 1 only, found {found}{'...' if len(values) > 3 else ''}; threshold it."
            )
        array = real != 0
    shape = array.shape
    if len(shape) > 1 and shape[-1] == 1 < max(shape):
        raise InputError(f"{name}: a mask of shape {shape} has one column; repeat it to (height, width).")
    if array.ndim > 1 and array.size:
        array = array.reshape([n for n in shape if n > 1] or [1])
    if array.ndim not in (1, 2, 3) or array.size < 2:
        raise InputError(f"{name}: a mask is (height, width) or (width,), got shape {shape}.")
    if not array.any():
        raise InputError(f"{name}: the mask samples nothing, all {array.size} values are 0; choose another mask.")
    return np.ascontiguousarray(array)


def fit_mask(mask: np.ndarray, name: str, slices: int, size: tuple[int, int]) -> np.ndarray:
    """The mask as (h, w) or (slices, h, w) for k-space of `size`; one of whole columns fits any height.

    Raises InputError that says both sizes.
    """
    columns = mask[0] if mask.ndim == 2 and mask.shape[0] != size[0] and (mask == mask[0]).all() else mask
    if columns.shape == size[1:]:
        return np.ascontiguousarray(np.broadcast_to(columns, size))
    if mask.shape == size or mask.shape == (slices, *size):
        return mask
    raise InputError(
        f"{name}: the mask has size {' x '.join(map(str, mask.shape))}, the k-space {size[0]} x {size[1]}"
        f"{f' ({slices} slices)' if slices > 1 else ''}; they must agree, choose a mask of this size."
    )
