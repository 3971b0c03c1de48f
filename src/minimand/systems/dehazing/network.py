"""Proximal Dehaze-Net: half-quadratic splitting of the haze energy, unrolled, with learned priors."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minimand.io import InputError
from minimand.loops import Unroll
from minimand.steps.haze_splitting import HazeSplitting
from minimand.systems.dehazing.authors import AUTHORS, AuthorsNet
from minimand.systems.dehazing.priors import Correction, Guided, Learned
from minimand.terms import SquaredL2
from minimand.terms.haze import Haze
from minimand.weights import built, load_weights

NETWORK = "proximal-dehaze"  # as cards name it
SIDE = 192  # in pixels, of the pictures it learned from and works on
SHRINKAGE = 9.0  # weight of the prior of the dark channel at birth: a tenth of it stays, omega of about 0.9

Image = Float[Tensor, "batch channel height width"]


class ProximalDehaze(nn.Module):
    """P, a hazy picture over its airlight, to (Q, T) and the dark channel U of the last stage.

    depth: stages; width, size: channels and side of the filters of a prior. Untrained it is half-quadratic splitting
    with SquaredL2 on the dark channel and the guided filter on the transmission; since alpha is small and P cannot tell
    haze from paint in the first stage, that is nearly the dark channel method. Source: Yang and Sun (2018).
    """

    def __init__(self, depth: int = 1, *, width: int = 16, size: int = 3, window: int = 5):
        super().__init__()
        self.window = window
        dark = Learned(Correction(width, size), SHRINKAGE * SquaredL2())
        clear = Learned(Correction(width, size), Guided())
        self.unrolled = Unroll(HazeSplitting(alpha=0.05), [dark, clear], depth=depth)

    def forward(self, P: Image) -> HazeSplitting.State:
        start = (P, torch.ones_like(P[:, 0]))
        state: Any = self.unrolled.run(Haze(P, self.window), start)
        return state  # type: ignore[no-any-return]


KINDS: dict[str, type[ProximalDehaze] | type[AuthorsNet]] = {NETWORK: ProximalDehaze, AUTHORS: AuthorsNet}


def deepen(net: ProximalDehaze, start: ProximalDehaze) -> None:
    """Copy the numbers of `start` into `net`; stages beyond its depth repeat its last one."""
    source, target = start.state_dict(), net.state_dict()
    for name in target:
        parts = name.split(".")
        parts[2] = str(min(int(parts[2]), start.unrolled.depth - 1))
        target[name] = source[".".join(parts)]
    net.load_state_dict(target)


def load_network(source: str) -> tuple[ProximalDehaze, dict[str, Any]]:
    """A network of ours in evaluation mode and its card, by the name of shipped weights or from a file. Raises
    InputError, also for the authors' own.
    """
    net, card = load_any_network(source)
    if not isinstance(net, ProximalDehaze):
        raise InputError(f"{source}: is {AUTHORS}, not {NETWORK}; name weights of ours.")
    return net, card


def load_any_network(source: str) -> tuple[ProximalDehaze | AuthorsNet, dict[str, Any]]:
    """The same, be it of ours or the authors' own."""
    weights = load_weights(source)
    kind = KINDS.get(str(weights.card.get("network")))
    if kind is None:
        raise InputError(f"{source}: is {weights.card.get('network')}, not {NETWORK}; name weights for dehazing.")
    make: Callable[..., ProximalDehaze | AuthorsNet] = kind
    return built(make, weights), weights.card
