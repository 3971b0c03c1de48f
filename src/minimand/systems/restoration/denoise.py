"""Denoising of what a file holds: one image or a stack, grey, colour or complex."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from minimand.io import InputError, Stored
from minimand.systems.restoration.methods import Method, get_method
from minimand.systems.restoration.noise import LEAST, estimate_noise
from minimand.systems.restoration.stack import to_stack

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
    images = to_stack(stored)
    pixels, scale = images.images, images.largest
    _check_size(stored, pixels.shape[-2:], method, estimated=sigma is None)
    stack = torch.from_numpy(pixels / pixels.real.dtype.type(scale))
    noise = estimate_noise(stack) if sigma is None else torch.full((len(stack),), sigma / scale, dtype=torch.float64)
    chosen = get_method(method, 255 * scale / images.white * max(float(noise.median()), 1e-6), weights)
    there = noise > torch.finfo(stack.dtype).eps  # less is rounding
    results, started = [], time.perf_counter()
    for k in range(len(stack)):
        x = stack[k : k + 1]
        results.append((chosen.run(x, noise[k : k + 1]) if there[k] else x)[0])
        show(k + 1)
    seconds = time.perf_counter() - started
    whole = images.laid_out(torch.stack(results).numpy() * pixels.real.dtype.type(scale), picture=picture)
    return Denoised(whole, (noise * scale).tolist(), seconds, chosen)


def _check_size(stored: Stored, size: tuple[int, ...], method: str, *, estimated: bool) -> None:
    needs = [(LEAST, "an estimate of the noise needs", "give --sigma")] if estimated else []
    needs += [(PATCH, "dictionary needs", "take --method tv")] if method == "dictionary" else []
    for least, what, instead in needs:
        if min(size) < least:
            found = f"{size[0]} x {size[1]}"
            raise InputError(f"{stored.name}: {what} {least} x {least} pixels or more, got {found}; {instead}.")
