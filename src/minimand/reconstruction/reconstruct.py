"""From measurements to images: items in batches, warnings where a network leaves its card."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from minimand.reconstruction.methods import Method
from minimand.terms import LeastSquares

BATCH_PIXELS = 4 * 256 * 256  # a batch holds about so many pixels: large enough to be fast, small enough for the caches


@dataclass(frozen=True)
class Reconstructed:
    """Images, (items, height, width), and seconds an item."""

    images: Tensor
    seconds: float


def reconstruct(
    data: LeastSquares, method: Method, *, warm: bool = False, show: Callable[[int], None] = lambda done: None
) -> Reconstructed:
    """Reconstruct every item by itself.

    data: of all items, (items, *measurement). warm: run the first item once before the clock starts, so that nothing is
    compiled in what is timed. show: told the number of items done.
    """
    count = len(data.y)
    length = max(1, BATCH_PIXELS // data.items(slice(0, 1)).pulled().numel())
    if warm:
        method.run(data.items(slice(0, 1)))
    images, started = [], time.perf_counter()
    for first in range(0, count, length):
        images.append(method.run(data.items(slice(first, first + length))))
        show(min(first + length, count))
    return Reconstructed(torch.cat(images), (time.perf_counter() - started) / count)


def card_warnings(method: Method, size: tuple[int, int], rate: float) -> list[str]:
    """What the card of a learned method does not cover: another size or sampling rate than it was trained on or
    tested.
    """
    card = method.card
    warnings = []
    if suits := card.get("suits"):
        low, high = suits
        if not low - 0.02 <= rate <= high + 0.02:
            warnings.append(
                f"{method.name}: the network is for rates of {low:.0%} to {high:.0%}, this scan has {rate:.1%}; "
                "compare with --method tv."
            )
    if sides := card.get("sides"):
        low, high = sides
        if min(size) < low or max(size) > high:
            warnings.append(
                f"{method.name}: the network was tested on sides of {low} to {high} pixels, this scan has "
                f"{size[0]} x {size[1]}; look at the result beside --method tv."
            )
    return warnings
