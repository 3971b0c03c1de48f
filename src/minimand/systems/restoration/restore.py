"""Pictures that a known degradation spoilt, restored: blur taken off, missing pixels filled, mosaics coloured."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from minimand.io import InputError, Stored
from minimand.operators.opponent import opponent_rows
from minimand.systems.restoration.degradations import Degradation, parse_degradation
from minimand.systems.restoration.methods import Method, get_method
from minimand.systems.restoration.noise import LEAST, estimate_noise
from minimand.systems.restoration.solvers import BLURRED, MISSING, begin, plugged, smooth
from minimand.systems.restoration.stack import to_stack

METHODS = ("foe", "nlr-mrf", "dncnn", "bm3d", "tv")
FINEST = 0.25  # grey levels, white being 255: no picture has less noise than rounding leaves
ROUNDED = 1.0  # grey levels: what is taken for the noise where it is neither given nor can be estimated


@dataclass(frozen=True)
class Restored:
    """array: in the layout of the file, of mosaics with colours last, and `stored` the file, marked so; sigmas: the
    noise of every image, given, estimated or supposed; seconds: in all.
    """

    array: np.ndarray
    stored: Stored
    sigmas: list[float]
    seconds: float
    method: Method


@torch.no_grad()
def restore(
    stored: Stored,
    degradation: str,
    sigma: float | None = None,
    *,
    method: str = "foe",
    weights: str | None = None,
    periodic: bool = False,
    picture: bool = False,
    show: Callable[[int], None] = lambda done: None,
) -> Restored:
    """Every image of an array as it was before `degradation`, in the units of the array.

    degradation: as `parse_degradation` reads it. sigma: standard deviation of the noise in units of the array;
    estimated image by image where pictures are blurred, 1 grey level of 255 elsewhere, unless given. periodic: blur
    came round from the other side, as simulated blur does; else what lies beyond the edges is unknown. method, weights,
    picture, show: as in `denoise`. Raises InputError for complex images, a mosaic that has colours already, a sigma
    that is not positive and finite, and what `parse_degradation` and `get_method` refuse.
    """
    if sigma is not None and not 0 < sigma < float("inf"):
        raise InputError(f"the noise level must be positive and finite, in units of the image, got {sigma:g}.")
    images = to_stack(stored)
    if images.images.dtype.kind == "c":
        raise InputError(f"{stored.name}: restore takes real images, got complex ones; take real and imaginary part.")
    height, width = images.images.shape[-2:]
    what = parse_degradation(degradation, (height, width))
    if what.pattern and stored.channels:
        raise InputError(f"{stored.name}: a mosaic has one number a pixel, this has three colours; it needs no mosaic.")
    grey = 255 / images.white
    y = torch.from_numpy(images.images * grey)
    noise = _noise(y, what, None if sigma is None else sigma * grey, stored.name)
    level = BLURRED * float(noise.median()) ** 0.5 if what.kernel is not None else MISSING
    chosen = Method("tv", lambda x, s: x) if method == "tv" else get_method(method, level, weights)
    results, started = [], time.perf_counter()
    for k in range(len(y)):
        results.append(restore_one(y[k : k + 1], what, float(noise[k]), chosen, periodic)[0])
        show(k + 1)
    seconds = time.perf_counter() - started
    whole = images.laid_out(torch.stack(results).numpy() / grey, picture=picture)
    like = replace(stored, channels=stored.channels or what.pattern is not None)
    return Restored(whole, like, (noise / grey).tolist(), seconds, chosen)


def restore_one(y: Tensor, what: Degradation, sigma: float, method: Method, periodic: bool) -> Tensor:
    """One image, (1, height, width) or (1, 3, height, width). Blur and masks treat all colours alike, so they leave
    luminance and colour differences apart: three grey pictures.
    """
    colours = y.ndim == 4
    planes = torch.einsum("oc,bchw->bohw", opponent_rows(y), y)[0] if colours else y
    A = what.operator((y.shape[-2], y.shape[-1]), periodic=periodic)
    measured, start = begin(A, planes, what, periodic)
    if method.name == "tv":
        x = smooth(A, measured, start, sigma, what)
    else:
        x = plugged(A, measured, start, sigma, method.run, what)
    down, across = (0, 0) if periodic else what.edge
    x = x[..., down : x.shape[-2] - down, across : x.shape[-1] - across]
    return torch.einsum("oc,ohw->chw", opponent_rows(x), x)[None] if colours else x


def _noise(y: Tensor, what: Degradation, sigma: float | None, name: str) -> Tensor:
    """The noise of every image in grey levels, double precision."""
    if sigma is not None:
        return torch.full((len(y),), max(sigma, FINEST), dtype=torch.float64)
    if what.kernel is None:
        return torch.full((len(y),), ROUNDED, dtype=torch.float64)
    if min(y.shape[-2:]) < LEAST:
        raise InputError(f"{name}: an estimate of the noise needs {LEAST} x {LEAST} pixels or more; give --sigma.")
    return estimate_noise(y).clamp_min(FINEST)
