"""From measurements to images: items in batches, warnings where a network leaves its card."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from minimand.operators import Sense
from minimand.reconstruction.memory import batch_length
from minimand.reconstruction.methods import Method
from minimand.terms import LeastSquares


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
    count, (height, width) = len(data.y), data.items(slice(0, 1)).pulled().shape[-2:]
    coils = data.y.shape[1] if isinstance(data.A, Sense) else 1
    length = batch_length(method, (height, width), coils, data.y.device)
    if warm:
        method.run(data.items(slice(0, 1)))
    images, started = [], time.perf_counter()
    for first in range(0, count, length):
        images.append(method.run(data.items(slice(first, first + length))))
        show(min(first + length, count))
    if images and images[-1].is_cuda:
        torch.cuda.synchronize(images[-1].device)  # or the clock would stop before the GPU does
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
