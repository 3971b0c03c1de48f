"""The methods by name: each turns eigenpairs into one vector, and shapes are as alike as their vectors are near."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minimand.io import InputError
from minimand.systems.shapes import descriptors
from minimand.systems.shapes.laplacian import Eigenpairs
from minimand.systems.shapes.network import NETWORK, STNet, load_network, log_moments, moments, power
from minimand.systems.shapes.spd import logarithm, second_order, vectorise, with_ridge
from minimand.systems.shapes.training import SHARE

FOR_SCANS = "log-wks"

Method = Callable[[Eigenpairs], Float[Tensor, " numbers"]]


def pooled(columns: Float[np.ndarray, "vertices d"], pairs: Eigenpairs) -> Float[Tensor, " numbers"]:
    """log of the second-order pooled columns, as a vector: their log-Euclidean distance is that of the vectors."""
    M = second_order(torch.from_numpy(columns), torch.from_numpy(pairs.areas))
    return vectorise(logarithm(with_ridge(M)))


def wks(pairs: Eigenpairs) -> Float[Tensor, " numbers"]:
    """Wave kernel signatures less their mean, which is 1, second-order."""
    return pooled(descriptors.wave_kernel_signature(pairs) - 1, pairs)


def hks(pairs: Eigenpairs) -> Float[Tensor, " numbers"]:
    """Heat kernel signatures less their mean, second-order."""
    return pooled(descriptors.heat_kernel_signature(pairs) - 1, pairs)


def si_hks(pairs: Eigenpairs) -> Float[Tensor, " numbers"]:
    """Scale-invariant heat kernel signatures and a constant, second-order."""
    columns = descriptors.scale_invariant_signature(pairs)
    return pooled(np.pad(columns, ((0, 0), (0, 1)), constant_values=1.0), pairs)


def log_wks(pairs: Eigenpairs) -> Float[Tensor, " numbers"]:
    """Square root of the second moments of SI-HKS, log(0.1 + WKS) and a constant: for scans from one side."""
    return power(log_moments(pairs)[None], 0.5)[0]


def shape_dna(pairs: Eigenpairs) -> Float[Tensor, " numbers"]:
    """Logarithms of 30 eigenvalues."""
    return torch.from_numpy(descriptors.shape_dna(pairs))


# methods that learn nothing
METHODS: Mapping[str, Method] = {"wks": wks, "log-wks": log_wks, "hks": hks, "si-hks": si_hks, "shape-dna": shape_dna}
NAMES = (NETWORK, *METHODS)
SHIPPED = "st-net-bodies"


def get_method(name: str, weights: str | None = None) -> tuple[Method, str]:
    """The method of this name, and a label that tells its numbers from those of other weights.

    weights: name or file, for st-net; those that ship unless given. Raises InputError for an unknown name, and for
    weights where none are needed or none fit.
    """
    if name == NETWORK:
        net, card = load_network(weights or SHIPPED)
        make = views_method if card.get("views") else network_method
        return make(net), f"{name} {card['sha256']}"
    if name not in METHODS:
        raise InputError(f"there is no method {name!r} for shapes; there are {', '.join(NAMES)}.")
    if weights is not None:
        raise InputError(f"{name} takes no weights; leave out --weights, or choose {NETWORK}.")
    return METHODS[name], name


def views_method(net: STNet) -> Method:
    """A network that learned views as a method for `retrieve --partial`, with its own unlearned part."""

    def describe(pairs: Eigenpairs) -> Float[Tensor, " numbers"]:
        M = log_moments(pairs)[None]
        return net.describe(M, power(M, 0.5), SHARE)[0]

    return describe


def network_method(net: STNet) -> Method:
    """A network as a method, with the unlearned part beside what it learned."""

    def describe(pairs: Eigenpairs) -> Float[Tensor, " numbers"]:
        return net.describe(moments(pairs)[None], wks(pairs)[None], SHARE)[0]

    return describe
