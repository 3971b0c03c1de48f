"""The denoisers by name, each a map from noisy images and their noise to images."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.algebra import per_item
from minimand.io import InputError
from minimand.loops import solve
from minimand.operators import Gradient, Identity
from minimand.reconstruction.denoisers import NETWORKS, Denoise, load_denoiser, plane_by_plane, suiting
from minimand.steps import ADMM
from minimand.systems.restoration import dictionary
from minimand.terms import L21, LeastSquares
from minimand.terms.bm3d import bm3d
from minimand.weights import research, shipped
from minimand.weights.choice import RESEARCH

TV_WEIGHT = 0.75  # where the noise is 1; best on four training pictures: 0.7, 0.8, 0.95 for noise 15, 25, 50 of 255
TV_RHO, TV_ITERATIONS, TV_TOL = 1.0, 100, 1e-3


@dataclass(frozen=True)
class Method:
    """A way to denoise. card: of a learned one, else empty."""

    name: str
    run: Denoise
    card: Mapping[str, Any] = field(default_factory=dict)


@torch.no_grad()
def total_variation(
    x: Float[Tensor, "batch height width"], sigma: Float[Tensor, " batch"]
) -> Float[Tensor, "batch height width"]:
    """min_z 1/2 ||z - x||^2 + TV_WEIGHT sigma TV(z) by ADMM, isotropic, periodic.

    Source: Rudin, Osher, Fatemi (1992).
    """
    scale = per_item(sigma, x)
    energy = LeastSquares(Identity(), x / scale) + TV_WEIGHT * (L21() @ Gradient())
    return scale * solve(ADMM(TV_RHO), energy, x / scale, max_iter=TV_ITERATIONS, tol=TV_TOL).x


@torch.no_grad()
def by_dictionary(
    x: Float[Tensor, "batch height width"], sigma: Float[Tensor, " batch"]
) -> Float[Tensor, "batch height width"]:
    """Sparse codes of all patches in a dictionary that every image learns from itself."""
    return torch.stack([dictionary.denoise(image, float(s)) for image, s in zip(x, sigma)])


CLASSICAL: dict[str, Denoise] = {
    "tv": plane_by_plane(total_variation),
    "bm3d": bm3d,
    "dictionary": plane_by_plane(by_dictionary),
}
METHODS = (*NETWORKS, *CLASSICAL)


def get_method(name: str, level: float, weights: str | None = None) -> Method:
    """The method of a name. level: noise to take away, white being 255, by which one of its networks is chosen;
    weights: name or file of a network, or research: the one of that folder that suits best.

    Raises InputError where there is no such method or network, and for weights of another one.
    """
    if name in CLASSICAL:
        if weights is not None:
            raise InputError(f"{name} takes no weights, got {weights}; methods that do: {', '.join(NETWORKS)}.")
        return Method(name, CLASSICAL[name])
    source = suiting(name, level, research() if weights == RESEARCH else shipped()) if _chosen(weights) else weights
    run, card = load_denoiser(str(source))
    if card["network"] != name:
        raise InputError(f"{weights}: are weights of {card['network']}, not of {name}; use that --method.")
    return Method(name, run, card)


def _chosen(weights: str | None) -> bool:
    """Whether the network is ours to choose."""
    return weights is None or weights == RESEARCH
