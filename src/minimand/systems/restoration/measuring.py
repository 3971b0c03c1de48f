"""How methods of restoration are measured: on which pictures, with what noise, in which figures."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from minimand.io import InputError, read_images
from minimand.metrics import score

PEAK = 255.0


def pictures_to_measure(data: Path, images: int | None = None) -> list[Tensor]:
    """The pictures of `bsd68_dev`, sorted, each (1, height, width), or the first so many. data: the folder that holds
    images/. Raises InputError where they are not at hand.
    """
    folder = data / "images" / "bsd68_dev"
    if not folder.is_dir():
        raise InputError(f"{folder}: is not there; name the folder of the data with --data or MINIMAND_DATA.")
    return [torch.from_numpy(a).float()[None] for a in read_images(folder).arrays][:images]


def noise_of_picture(k: int, picture: Tensor, sigma: float) -> Tensor:
    """Gaussian noise of the seed k, drawn in double precision."""
    return torch.from_numpy(np.random.default_rng(k).normal(0, sigma, picture.shape[1:])).float()


def measured(
    clean: Sequence[Tensor], observe: Callable[[int, Tensor], Tensor], run: Callable[[int, Tensor], Tensor]
) -> dict[str, Any]:
    """Mean scores of what `run` makes of what is observed of each picture, seconds a picture, the scores of each.

    observe, run: given the place of the picture in the list, too.
    """
    scores, seconds = [], []
    for k, picture in enumerate(clean):
        y = observe(k, picture)
        started = time.perf_counter()
        x = run(k, y)
        seconds.append(time.perf_counter() - started)
        scores.append(score(x, picture, PEAK))
    each = {name: torch.cat([getattr(s, name) for s in scores]) for name in ("nmse", "psnr", "ssim")}
    means = {name: float(values.mean()) for name, values in each.items()}
    return {**means, "seconds": float(np.median(seconds)), "images": {name: v.tolist() for name, v in each.items()}}
