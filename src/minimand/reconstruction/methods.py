"""The reconstruction methods by name, each a map from a least-squares data term to an image."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from minimand.algebra import per_item
from minimand.io import InputError
from minimand.operators import Diffraction, Sense
from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.admm_net import ADMMNet, peak, scaled
from minimand.reconstruction.classical.acquired import require_kspace
from minimand.reconstruction.classical.amp import bm3d_amp, ldamp
from minimand.reconstruction.classical.bm3d_mri import bm3d_mri
from minimand.reconstruction.classical.energies import recpf, sidwt, tv
from minimand.reconstruction.classical.nlr_cs import nlr_cs
from minimand.reconstruction.classical.sparse_patches import fdlcp, pano, pbdw
from minimand.reconstruction.classical.tval3 import tval3
from minimand.reconstruction.denoisers import NETWORKS as DENOISERS
from minimand.reconstruction.denoisers import load_denoiser
from minimand.reconstruction.networks import NETWORKS, Network, load_network
from minimand.reconstruction.sense import sense_tv, sense_wavelet
from minimand.reconstruction.sensed_tv import sensed_total_variation
from minimand.terms import LeastSquares

SHIPPED = {  # where no weights are named; networks for k-space
    "admm-net": "admm-net",
    "admm-csnet": "admm-csnet",
    "ldamp": "foe",
}
INIT_DEPTH = 15  # stages of the untrained network, as of the talk's


@dataclass(frozen=True)
class Method:
    """A way from samples to an image. run: data -> (batch, height, width); net, card: of a learned method."""

    name: str
    run: Callable[[LeastSquares], Tensor]
    net: Network | None = None
    card: dict[str, Any] = field(default_factory=dict)


def zero_filled(data: LeastSquares) -> Tensor:
    """A^H y: the inverse transform with zeros where nothing was sampled."""
    return data.A.adjoint(data.y)


def total_variation(data: LeastSquares, weight: float | None = None) -> Tensor:
    """min_x 1/2 ||A x - y||^2 + weight s TV(x), s the maximum of the zero-filled image (so scaling y scales x).

    K-space of one coil as `tv` does it, compressive measurements as `sensed_total_variation`, coil data as `sense_tv`,
    each with a weight of its own; weight: in place of it, for k-space of one coil and compressive measurements.
    """
    if isinstance(data.A, Sense):
        return sense_tv(data)
    kind = sensed_total_variation if data.A.coisometry is not None or isinstance(data.A, Diffraction) else tv
    return kind(data) if weight is None else kind(data, weight)


def initial_network(data: LeastSquares) -> Tensor:
    """ADMM-Net before training: as many iterations of ADMM, with the filters and shrinkages that learning starts from.

    Source: Yang et al. (2016), sec. 4 (Init-Net).
    """
    require_kspace("init-net", data)
    start = zero_filled(data)
    return apply_network(ADMMNet(INIT_DEPTH).to(start.device), data)


@torch.no_grad()
def apply_network(net: Network, data: LeastSquares) -> Tensor:
    """The image of a network, zero where no coil sees anything."""
    scale = own_scale(net, data)
    image: Tensor = net(scaled(data, scale))
    if isinstance(data.A, Sense):  # elsewhere nothing was measured, and a prior may have put anything there
        image = image * data.A.seen
    return image if scale is None else per_item(scale, image) * image


@torch.no_grad()
def trace_network(net: Network, data: LeastSquares) -> list[Tensor]:
    """The zero-filled image and the one after every stage of a network."""
    scale = own_scale(net, data)
    images = net.trace(scaled(data, scale))
    return [zero_filled(data), *(x if scale is None else per_item(scale, x) * x for x in images)]


def own_scale(net: Network, data: LeastSquares) -> Tensor | None:
    """What to divide every item by for a network that takes measurements as they are, the authors'; None where the
    network sees to it.

    K-space, for images of maximum 1: 1 where the zero-filled maximum lies within 0.5 to 1.5, else that maximum.
    Compressive measurements, for images whose white is the network's scale: white is 1 here.
    """
    if net.normalise:
        return None
    largest = peak(zero_filled(data))
    if isinstance(net, ADMMCSNet) and net.scale != 1:
        return torch.full_like(largest, 1 / net.scale)
    return torch.where((largest < 0.5) | (largest > 1.5), largest, 1)


CLASSICAL: dict[str, Callable[[LeastSquares], Tensor]] = {
    "zero-filled": zero_filled,
    "tv": total_variation,
    "recpf": recpf,
    "sidwt": sidwt,
    "pbdw": pbdw,
    "pano": pano,
    "fdlcp": fdlcp,
    "bm3d-mri": bm3d_mri,
    "sense-tv": sense_tv,
    "sense-wavelet": sense_wavelet,
    "init-net": initial_network,
    "tval3": tval3,
    "nlr-cs": nlr_cs,
    "bm3d-amp": bm3d_amp,
}
LEARNED = (*NETWORKS, "ldamp")
METHODS = (*CLASSICAL, *LEARNED)


def get_method(name: str, *, weights: str | None = None, device: torch.device | str = "cpu") -> Method:
    """The method of a name, on a device. weights: shipped name or file for a learned method; without them what ships
    (for k-space, for ldamp a denoiser of any noise).

    Raises InputError for an unknown name (with the nearest ones), for weights of another method and for weights where
    the method takes none.
    """
    require_known(name)
    if name in NETWORKS:
        net, card = load_network(weights or SHIPPED[name])
        if card["network"] != name:
            raise InputError(f"{weights}: are weights of {card['network']}, not of {name}; use that --method.")
        net = net.float().to(device)
        return Method(name, lambda data: apply_network(net, data), net, card)
    if name == "ldamp":
        denoise, card = load_denoiser(weights or SHIPPED[name], device)
        return Method(name, lambda data: ldamp(data, denoise), None, card)
    if weights is not None:
        raise InputError(f"{name} takes no weights, got {weights}; methods that do: {', '.join(LEARNED)}.")
    return Method(name, CLASSICAL[name])


def method_of(card: Mapping[str, Any]) -> str:
    """The method that weights are for, by their card: ldamp for a denoiser."""
    network = str(card.get("network"))
    return "ldamp" if network in DENOISERS else network


def require_known(name: str) -> None:
    """Raise InputError for a method that does not exist, naming the nearest."""
    if name not in METHODS:
        near = difflib.get_close_matches(name, METHODS, n=2, cutoff=0.3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise InputError(f"there is no method {name!r}.{hint} Known: {', '.join(METHODS)}.")
