"""The networks by name, built from their cards."""

from typing import Any

import torch

from minimand.io import InputError
from minimand.reconstruction.admm_net import ADMMNet
from minimand.weights import Weights, load_weights

NETWORKS: dict[str, type[ADMMNet]] = {"admm-net": ADMMNet}


def build(weights: Weights) -> ADMMNet:
    """The network of a card with its numbers, in evaluation mode. Raises InputError where they do not fit together."""
    name = weights.card.get("network")
    if name not in NETWORKS:
        raise InputError(f"{weights.name}: is of the unknown network {name!r}; known: {', '.join(NETWORKS)}.")
    try:
        net = NETWORKS[name](**weights.card["arguments"])
        dtypes = {value.dtype for value in weights.state.values()}
        if torch.float64 in dtypes:
            net = net.double()
        net.load_state_dict(weights.state)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{weights.name}: numbers and card do not fit together ({str(error).splitlines()[0]})."
        ) from error
    return net.eval().requires_grad_(False)


def load_network(source: str) -> tuple[ADMMNet, dict[str, Any]]:
    """A network and its card, by the name of shipped weights or from a file."""
    weights = load_weights(source)
    return build(weights), weights.card


def deepen(net: ADMMNet, start: ADMMNet) -> None:
    """Copy the numbers of `start` into `net`; stages beyond its depth repeat its last one, as the authors deepened
    theirs.
    """
    source, target = start.state_dict(), net.state_dict()
    depth = start.unrolled.depth
    for name, value in target.items():
        parts = name.split(".")
        if parts[1] == "stages":
            parts[2] = str(min(int(parts[2]), depth - 1))
        found = source.get(".".join(parts))
        if found is None or found.shape != value.shape:
            raise InputError("the network to start from has filters of another number or size; leave out --from.")
        target[name] = found.to(value.dtype)
    net.load_state_dict(target)


def rate(name: str) -> float:
    """Learning rate of a parameter of ADMM-Net by its name (plain choices, not searched)."""
    if name.endswith("eta"):
        return 5e-3
    return 2e-3 if name.endswith("values") else 3e-3
