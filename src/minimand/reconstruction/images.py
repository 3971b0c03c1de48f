"""Images to learn from: files and phantoms, split into those to learn on and those to choose by."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from minimand.io import InputError, read_images
from minimand.reconstruction.dead_leaves import dead_leaves
from minimand.reconstruction.free_pictures import free_pictures
from minimand.reconstruction.phantoms import phantoms
from minimand.reconstruction.phases import with_phase

DRAWN = {"phantoms": phantoms, "dead-leaves": dead_leaves}
CHOSEN = 64  # validation images at most


def load_split(
    data: Sequence[str], validate: Sequence[str] = (), *, complex_: bool = False
) -> tuple[list[list[Tensor]], list[Tensor]]:
    """Sources of training images and validation images, as `training_images` gives them.

    Without validation data the last sixth of each source; at most 64 validation images, evenly spread.
    """
    train, validation = [], [t for spec in validate for t in training_images(spec, complex_=complex_)]
    for spec in data:
        images = training_images(spec, complex_=complex_)
        keep = len(images) if validate else len(images) - max(1, len(images) // 6)
        if keep < 1:
            raise InputError(f"{spec}: one image is too few to learn and to choose from; give more or --validate.")
        train.append(images[:keep])
        validation += images[keep:] if not validate else []
    return train, [validation[k] for k in spread(len(validation), CHOSEN)]


def spread(count: int, most: int) -> np.ndarray:
    """Up to `most` places evenly spread over `count`, both ends among them."""
    return np.linspace(0, count - 1, min(most, count)).round().astype(int)


def training_images(spec: str, *, complex_: bool = False) -> list[Tensor]:
    """Images of a file, folder or pattern, or free ones: `free-pictures`, and `phantoms:COUNT` and `dead-leaves:COUNT`
    drawn with seed 0; at maximum magnitude 1.

    Magnitudes, float32; complex_: complex64, as they are in the file, and with a smooth random phase (image k of the
    file with seed k) where they are real there.
    """
    kind, _, count = spec.partition(":")
    if spec == "free-pictures":
        images = free_pictures()
    elif kind in DRAWN:
        if not count.isdecimal() or int(count) < 1:
            raise InputError(f"{spec}: write {kind}:COUNT with a count of 1 or more.")
        images = DRAWN[kind](int(count), seed=0)
    else:
        images = [torch.from_numpy(a / np.abs(a).max()) for a in read_images(spec).arrays]
    if not complex_:
        return [t.abs().float() for t in images]
    return [t.to(torch.complex64) if t.is_complex() else _phased(t.float(), seed) for seed, t in enumerate(images)]


def _phased(image: Tensor, seed: int) -> Tensor:
    return with_phase(image[None], torch.Generator().manual_seed(seed))[0]
