"""Bases of patches along directions, and which of them suits each patch of a guide image."""

import math
from functools import lru_cache

import torch
from jaxtyping import Float, Int64, Num
from torch import Tensor

from minimand.operators.chosen_patches import ChosenPatches, everywhere
from minimand.operators.wavelet import haar_basis

DIRECTIONS, ROWS = 24, 16  # candidates; rows of patches that are looked at together


@lru_cache(maxsize=4)
def directional_haar(side: int, directions: int = DIRECTIONS) -> Float[Tensor, "directions pixels pixels"]:
    """Haar wavelets on the pixels of a patch, ordered line by line along each direction; orthonormal, a row an atom.

    side: a power of two. Pixels on one line along the direction follow each other, so that an edge along it leaves few
    coefficients. Source: Le Pennec and Mallat (2005), Qu et al. (2012), sec. 2.2.
    """
    haar, rows = haar_basis(side**2), torch.arange(side, dtype=torch.float64)
    i, j = (grid.flatten() for grid in torch.meshgrid(rows, rows, indexing="ij"))
    bases = []
    for k in range(directions):
        angle = math.pi * k / directions
        across, along = math.cos(angle) * i - math.sin(angle) * j, math.sin(angle) * i + math.cos(angle) * j
        order = torch.argsort(1e6 * across.round(decimals=6) + along, stable=True)
        basis = torch.empty_like(haar)
        basis[:, order] = haar
        bases.append(basis)
    return torch.stack(bases)


def sparsest(
    x: Num[Tensor, "batch height width"], bases: Float[Tensor, "classes pixels pixels"]
) -> Int64[Tensor, "batch height width"]:
    """For the patch that begins at each pixel, the basis in which its coefficients have the smallest l1 norm."""
    height, width = x.shape[-2:]
    side, every = round(bases.shape[-1] ** 0.5), bases.to(x.dtype)
    labels = []
    for part in everywhere(height, width).to(x.device).split(ROWS * width):
        patches = ChosenPatches(part[None], side, (height, width))(x)
        norms = torch.stack([(patches @ basis.mT).abs().sum(-1) for basis in every])
        labels.append(norms.argmin(0))
    return torch.cat(labels, dim=1).unflatten(1, (height, width))
