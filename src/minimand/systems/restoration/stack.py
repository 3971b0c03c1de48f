"""The images that a file holds, grey, colour or complex, one or many, as one stack for computing, and back again."""

import math
from dataclasses import dataclass

import numpy as np

from minimand.io import InputError, Stored, check_finite

WHITE = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}


@dataclass(frozen=True)
class Stack:
    """images: floating-point, (images, height, width), or (images, 3, height, width) of colours. stored: whence."""

    images: np.ndarray
    stored: Stored

    @property
    def largest(self) -> float:
        """The largest modulus, 1 where all is zero: divided by it, squares of large numbers stay finite."""
        return float(np.abs(self.images).max()) or 1.0

    @property
    def white(self) -> float:
        """What white is: 255 or 65535 of integers, else the largest modulus."""
        return WHITE.get(self.stored.array.dtype, self.largest)

    def laid_out(self, images: np.ndarray, *, picture: bool) -> np.ndarray:
        """Images in the order of the file, and, for a `picture`, rounded to the integers it had."""
        kind, shape = self.stored.array.dtype, self.stored.array.shape
        colour = images.ndim == 4
        leading = shape[: len(shape) - (3 if self.stored.channels else 2)]
        whole = np.moveaxis(images, 1, -1) if colour else images
        whole = whole.reshape(*leading, *whole.shape[1:])
        return np.clip(np.round(whole), 0, WHITE[kind]).astype(kind) if picture and kind in WHITE else whole


def to_stack(stored: Stored) -> Stack:
    """All images of an array; axes before the last two (of colours, three) count them. Integers and bool become single
    precision. Raises InputError for arrays without images and values that are not finite.
    """
    array, axes = stored.array, 3 if stored.channels else 2
    if array.ndim < axes or array.size == 0:
        raise InputError(f"{stored.name}: shape {array.shape} holds no image; (height, width) or a stack is needed.")
    check_finite(array, stored.name, "the image")
    kept = {"f8": np.float64, "c16": np.complex128, "c8": np.complex64}
    array = array.astype(kept.get(array.dtype.str[1:], np.float32))
    stack = array.reshape(-1, *array.shape[-axes:])
    return Stack(np.ascontiguousarray(np.moveaxis(stack, -1, 1)) if stored.channels else stack, stored)


def count_images(stored: Stored) -> int:
    """How many images an array holds; 0 for none."""
    axes = 3 if stored.channels else 2
    return math.prod(stored.array.shape[:-axes]) if stored.array.ndim >= axes else 0
