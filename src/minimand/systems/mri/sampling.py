"""Sampling as users name it: a spec such as radial:0.2, or a file."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from minimand.io import InputError, fit_mask, parse_spec, read_mask
from minimand.operators.sampling import KINDS, parse_mask

Sampling = Callable[[tuple[int, int], int], Tensor]  # (size, seed) -> bool mask, zero frequency at [0, 0]


def read_sampling(text: str) -> Sampling:
    """Masks by size and seed from `radial:R`, `cartesian:R`, `equispaced:R`, `random:R`, `full` or FILE[:KEY].

    Only cartesian, equispaced and random masks change with the seed. Raises InputError for a bad spec or file at once,
    and later for a file of another size than the image.
    """
    if names_file(text):
        return _from_file(text)
    parse_mask(text, (65, 65))  # a mistake is told now; at an odd size every rate can be reached
    once = lru_cache(maxsize=64)(lambda size: parse_mask(text, size))
    steady = text.startswith(("radial", "full"))
    return lambda size, seed: once(size) if steady else parse_mask(text, size, seed=seed)


def names_file(text: str) -> bool:
    """Whether the text means a file rather than a spec. Raises InputError for an empty one."""
    if not text.strip():
        raise InputError("the mask is empty; write radial:R, cartesian:R, equispaced:R, random:R, full or FILE[:KEY].")
    kind = text.partition(":")[0]
    if kind in KINDS:
        return False
    return bool(Path(kind).suffix) or "/" in text or parse_spec(text).path.exists()


def _from_file(text: str) -> Sampling:
    mask = read_mask(text)
    if mask.ndim == 2 and mask[0, 0] and not mask[mask.shape[0] // 2, mask.shape[1] // 2]:
        raise InputError(f"{text}: zero frequency seems to lie at [0, 0]; files have it in the centre: apply fftshift.")
    return lambda size, seed: torch.from_numpy(np.fft.ifftshift(fit_mask(mask, text, 1, size)))
