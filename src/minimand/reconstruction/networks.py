"""The networks by name, built from their cards."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from minimand.io import InputError
from minimand.reconstruction.admm_csnet import ADMMCSNet, csnet_rate
from minimand.reconstruction.admm_net import ADMMNet
from minimand.weights import Weights, built, load_weights

Network = ADMMNet | ADMMCSNet
NETWORKS: dict[str, type[ADMMNet] | type[ADMMCSNet]] = {"admm-net": ADMMNet, "admm-csnet": ADMMCSNet}
OF_FILTERS = ("analysis", "bias", "values", "outer", "synthesis")  # the numbers of ADMM-CSNet with a row a filter
USUAL = {  # what training builds unless asked otherwise
    "admm-net": {"depth": 9, "filters": 8, "size": 3},
    "admm-csnet": {"depth": 7, "filters": 32, "size": 5},
}


def build(weights: Weights) -> Network:
    """The network of a card with its numbers, in evaluation mode. Raises InputError where they do not fit together."""
    name = weights.card.get("network")
    if name not in NETWORKS:
        raise InputError(f"{weights.name}: is of the unknown network {name!r}; known: {', '.join(NETWORKS)}.")
    make: Callable[..., Network] = NETWORKS[name]
    return built(make, weights)


def load_network(source: str) -> tuple[Network, dict[str, Any]]:
    """A network and its card, by the name of shipped weights or from a file."""
    weights = load_weights(source)
    return build(weights), weights.card


def grow(net: Network, start: Network) -> None:
    """Copy the numbers of `start` into `net`, which may be larger. Stages beyond the depth of `start` repeat its last
    one, as the authors deepened theirs. Filters beyond those of `start`, and pixels around its filters, keep their
    birth where they look at the image and are zero where they add to it: the network still does what it did. The
    penalties rho of `start` become the step lengths 1 / (1 + rho) of a `net` that is `free`, which is the same where
    A A^H = I.

    Raises InputError where `start` has more filters than `net`, larger ones, or another kind.
    """
    source, target = start.state_dict(), net.state_dict()
    if any(name.endswith("reconstruct.v") for name in target):
        source = dict(_freed(source))
    depth = start.unrolled.depth
    for name, value in target.items():
        parts = name.split(".")
        if parts[1] == "stages":
            parts[2] = str(min(int(parts[2]), depth - 1))
        found = source.get(".".join(parts))
        grown = None if found is None else _grown(parts[-1], found.to(value.dtype), value)
        if grown is None:
            raise InputError("the network to start from has more or larger filters, or other ones; leave out --from.")
        target[name] = grown
    net.load_state_dict(target)


def _freed(state: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """The numbers of an ADMM-CSNet with penalties as those of one with step lengths and three numbers a multiplier."""
    for name, value in state.items():
        stem, _, last = name.rpartition(".")
        if last == "rho":
            yield f"{stem}.v", 1 / (1 + value)
        elif last == "eta" and value.ndim == 0:
            yield name, torch.stack([torch.ones_like(value), value, value])
        else:
            yield name, value


def _grown(name: str, small: Tensor, large: Tensor) -> Tensor | None:
    """`small` as the first filters of `large`, in the middle of their pixels; None where it is no part of it."""
    if small.shape == large.shape:
        return small
    fewer = small.ndim == large.ndim and all(a <= b for a, b in zip(small.shape, large.shape, strict=True))
    if name not in OF_FILTERS or not fewer or small.shape[1:2] != large.shape[1:2]:
        return None
    if name in ("analysis", "synthesis"):
        small = nn.functional.pad(small, ((large.shape[-1] - small.shape[-1]) // 2,) * 4)
    whole = torch.zeros_like(large) if name == "synthesis" else large.clone()
    whole[: len(small)] = small
    return whole


def make(name: str, arguments: Mapping[str, Any]) -> Network:
    """An untrained network, random numbers from torch's own generator. Raises InputError for bad arguments."""
    try:
        return NETWORKS[name](**arguments)
    except ValueError as error:
        raise InputError(f"{name}: {error}") from error


def arguments_of(name: str, *, depth: int | None, filters: int | None, size: int | None) -> dict[str, int]:
    """What a network is built with, for its card; None stands for the usual number."""
    asked = {"depth": depth, "filters": filters, "size": size}
    return {key: usual if asked[key] is None else asked[key] for key, usual in USUAL[name].items()}  # type: ignore[misc]


def rate(network: str, parameter: str) -> float:
    """Learning rate of a parameter of a network by their names (plain choices, not searched)."""
    if network == "admm-csnet":
        return csnet_rate(parameter)
    if parameter.endswith("eta"):
        return 5e-3
    return 2e-3 if parameter.endswith("values") else 3e-3
