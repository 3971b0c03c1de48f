"""CT from an MR volume of any size: slice by slice, in overlapping windows of the size that the network learned on."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minimand.io import InputError
from minimand.systems.synthesis.cyclegan import NETWORK
from minimand.systems.synthesis.intensity import Range
from minimand.systems.synthesis.networks import Generator
from minimand.weights import built, cards_of, load_of, research, shipped
from minimand.weights.choice import RESEARCH

BATCH = 8  # windows that go through the network at once

Volume = Float[Tensor, "slices height width"]


@torch.no_grad()
def synthesize(net: nn.Module, mr: Volume, window: tuple[int, int]) -> Volume:
    """The image that the network makes of MR, both from -1 to 1.

    window: sides that it learned on. Larger slices are covered by windows that overlap by half at least; where they
    do, their mean counts, weighted by the distance from the window's border. Smaller ones lie in background.
    """
    height, width = mr.shape[1:]
    need = max(height, window[0]), max(width, window[1])
    wide = F.pad(mr, (0, need[1] - width, 0, need[0] - height), value=-1.0)
    total, weight = torch.zeros_like(wide), torch.zeros_like(wide[0])
    share = _tent(window)
    for top, left in ((t, l) for t in _starts(need[0], window[0]) for l in _starts(need[1], window[1])):
        part = (..., slice(top, top + window[0]), slice(left, left + window[1]))
        made = torch.cat([net(images[:, None])[:, 0] for images in wide[part].split(BATCH)])
        total[part] += share * made
        weight[part] += share
    return (total / weight)[:, :height, :width]


def usual_weights(weights: str | None) -> str:
    """Name or file of the weights that are asked for, those that ship where none are: with the structure loss if such
    are there. Raises InputError where there are none.
    """
    if weights not in (None, RESEARCH):
        return str(weights)
    files = shipped() if weights is None else research()
    cards = {name: card for name, card in cards_of(files).items() if card.get("network") == NETWORK}
    if cards:
        return str(files[max(cards, key=lambda name: cards[name].get("method") == "structure")])
    raise InputError(
        f"{NETWORK}: no such network is at hand; name weights with --weights NAME|FILE, or make some: minimand train "
        f"{NETWORK}."
    )


def load_network(source: str) -> tuple[Generator, dict[str, Any]]:
    """The generator from MR to CT in evaluation mode and its card, by name or from a file. Raises InputError."""
    weights = load_of(NETWORK, source, "for synthesis")
    try:
        Range(*map(float, weights.card["range"]))
        sides_of(weights.card)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{source}: the card does not say range and window of the network ({error}).") from error
    return built(Generator, weights), weights.card


def sides_of(card: dict[str, Any]) -> tuple[int, int]:
    """The window that a network learned on, by its card."""
    height, width = map(int, card["window"])
    return height, width


def _starts(length: int, side: int) -> Iterator[int]:
    """Where windows begin, half a side apart, the last one at the end."""
    yield from range(0, length - side, side // 2)
    yield length - side


def _tent(window: tuple[int, int]) -> Float[Tensor, "height width"]:
    """The distance from the border, axis by axis, as a weight."""
    axes = [torch.minimum(torch.arange(1, n + 1), torch.arange(n, 0, -1)).float() for n in window]
    return axes[0][:, None] * axes[1]
