"""Windows of images at random places, flipped and transposed: what mini-batches are made of."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def turned(image: Tensor, square: bool, generator: torch.Generator) -> Tensor:
    """The image in one of its four flips, transposed half the time where the result is square."""
    down, right, transpose = (torch.randint(2, (3,), generator=generator)).tolist()
    flips = [axis for axis, flip in [(-2, down), (-1, right)] if flip]
    image = image.flip(flips) if flips else image
    return image.mT if transpose and square else image


def cut(image: Tensor, size: Sequence[int], generator: torch.Generator) -> Tensor:
    """A window of `size` at a random place; an image that is smaller lies at a random place in zeros."""
    for axis, wanted in zip((-2, -1), size, strict=True):
        spare = image.shape[axis] - wanted
        place = int(torch.randint(abs(spare) + 1, (), generator=generator))
        if spare >= 0:
            image = image.narrow(axis, place, wanted)
        else:
            padding = (place, -spare - place) if axis == -1 else (0, 0, place, -spare - place)
            image = F.pad(image, padding)
    return image
