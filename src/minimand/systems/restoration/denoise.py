"""Denoising of what a file holds: one image or a stack, grey, colour or complex."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from minimand.io import InputError, Stored, check_finite
from minimand.systems.restoration.methods import Method, get_method
from minimand.systems.restoration.noise import LEAST, estimate_noise

WHITE = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}
PATCH = 8  # pixels: smaller images have no patches


@dataclass(frozen=True)
class Denoised:
    """array: in the layout of the file; sigmas: the noise of every image, given or estimated; seconds: in all."""

    array: np.ndarray
    sigmas: list[float]
    seconds: float
    method: Method


def denoise(
    stored: Stored,
    sigma: float | None = None,
    *,
    method: str = "bm3d",
    weights: str | None = None,
    picture: bool = False,
    show: Callable[[int], None] = lambda done: None,
) -> Denoised:
    """Every image of an array without its noise, in the units of the array; axes before the last two count images.

    sigma: standard deviation of the noise in units of the array (of both parts of complex numbers); estimated image by
    image without it, and where there is none the image stays as it is. Integers and bool are computed in single
    precision; they come back as float32, or, for a `picture`, rounded to the type they had. weights: as `get_method`
    takes them. show: told the number of images done. Raises InputError for a sigma that is not positive and finite,
    values that are not finite, arrays that hold no images, images too small for an estimate or for the method.
    """
    if sigma is not None and not 0 < sigma < float("inf"):
        raise InputError(f"the noise level must be positive and finite, in units of the image, got {sigma:g}.")
    images, colour = _images(stored)
    _check_size(stored, images.shape[-2:], method, estimated=sigma is None)
    scale = float(np.abs(images).max()) or 1.0  # squares of large numbers stay finite
    stack = torch.from_numpy(images / images.real.dtype.type(scale))
    noise = estimate_noise(stack) if sigma is None else torch.full((len(stack),), sigma / scale, dtype=torch.float64)
    white = WHITE.get(stored.array.dtype, scale)
    chosen = get_method(method, 255 * scale / white * max(float(noise.median()), 1e-6), weights)
    there = noise > torch.finfo(stack.dtype).eps  # less is rounding
    results, started = [], time.perf_counter()
    for k in range(len(stack)):
        x = stack[k : k + 1]
        results.append((chosen.run(x, noise[k : k + 1]) if there[k] else x)[0])
        show(k + 1)
    seconds = time.perf_counter() - started
    whole = torch.stack(results).numpy() * images.real.dtype.type(scale)
    whole = (np.moveaxis(whole, 1, -1) if colour else whole).reshape(stored.array.shape)
    if picture and stored.array.dtype in WHITE:
        whole = np.clip(np.round(whole), 0, WHITE[stored.array.dtype]).astype(stored.array.dtype)
    return Denoised(whole, (noise * scale).tolist(), seconds, chosen)


def count_images(stored: Stored) -> int:
    """How many images an array holds; 0 for none."""
    axes = 3 if stored.channels else 2
    return math.prod(stored.array.shape[:-axes]) if stored.array.ndim >= axes else 0


def _check_size(stored: Stored, size: tuple[int, ...], method: str, *, estimated: bool) -> None:
    needs = [(LEAST, "an estimate of the noise needs", "give --sigma")] if estimated else []
    needs += [(PATCH, "dictionary needs", "take --method tv")] if method == "dictionary" else []
    for least, what, instead in needs:
        if min(size) < least:
            found = f"{size[0]} x {size[1]}"
            raise InputError(f"{stored.name}: {what} {least} x {least} pixels or more, got {found}; {instead}.")


def _images(stored: Stored) -> tuple[np.ndarray, bool]:
    """All images in one stack, floating-point, (images, height, width), or (images, 3, height, width) of colours."""
    array, axes = stored.array, 3 if stored.channels else 2
    if array.ndim < axes or array.size == 0:
        raise InputError(f"{stored.name}: shape {array.shape} holds no image; (height, width) or a stack is needed.")
    check_finite(array, stored.name, "the image")
    kept = {"f8": np.float64, "c16": np.complex128, "c8": np.complex64}
    array = array.astype(kept.get(array.dtype.str[1:], np.float32))
    stack = array.reshape(-1, *array.shape[-axes:])
    return (np.ascontiguousarray(np.moveaxis(stack, -1, 1)) if stored.channels else stack), stored.channels
