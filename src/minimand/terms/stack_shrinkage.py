"""Sparse stacks of similar patches, in three-dimensional Haar wavelets."""

from typing import Any

import torch
from jaxtyping import Int64, Num
from torch import Tensor, nn

from minimand.operators.chosen_patches import ChosenPatches
from minimand.operators.wavelet import haar_basis
from minimand.term import Term
from minimand.terms.sparse import soft_threshold

CHUNK = 128  # stacks at a time, so that they stay in the cache


class StackShrinkage(Term):
    """A term known by its prox only: soft thresholding of stacks of patches in 3-D Haar wavelets, averaged pixel by
    pixel over all patches there.

    corners: row and column of the upper left pixel of each patch, (batch, stacks, count, 2), count a power of two;
    every pixel must lie in a patch. side: of a patch, a power of two; size: (height, width). The average weighs patches
    alike, so that this is a prox only where all pixels lie in equally many patches. Source: Qu et al. (2014), eqs. 4-8.
    """

    often: Tensor
    within: Tensor
    across: Tensor

    def __init__(self, corners: Int64[Tensor, "batch stacks count 2"], side: int, size: tuple[int, int]):
        super().__init__()
        count = corners.shape[2]
        self.side, self.size, self.count = side, size, count
        chunks = [
            [ChosenPatches(part.flatten(0, 1)[None], side, size) for part in item.split(CHUNK)] for item in corners
        ]
        self.chunks = nn.ModuleList(nn.ModuleList(parts) for parts in chunks)  # of every item
        one = torch.ones(1, side**2, device=corners.device)
        often = [[p.adjoint(one.expand(1, p.corners.shape[1], -1))[0] for p in parts] for parts in chunks]
        self.register_buffer("often", torch.stack([torch.stack(parts).sum(0) for parts in often]))
        along = haar_basis(side)
        self.register_buffer("within", torch.kron(along, along).to(torch.get_default_dtype()))
        self.register_buffer("across", haar_basis(count).to(torch.get_default_dtype()))

    def prox(self, v: Num[Tensor, "batch height width"], t: Tensor | float) -> Num[Tensor, "batch height width"]:
        steps = torch.as_tensor(t, dtype=v.real.dtype, device=v.device).flatten().expand(len(v))
        total = [self._shrunk(x, chunks, s) for x, chunks, s in zip(v, self.chunks, steps, strict=True)]
        return torch.stack(total) / self.often

    def _shrunk(self, x: Tensor, chunks: Any, t: Tensor) -> Tensor:
        within, across = self.within.to(x.dtype), self.across.to(x.dtype)
        total = torch.zeros_like(x)
        for patches in chunks:
            stacks = patches(x[None])[0].unflatten(0, (-1, self.count))
            small = soft_threshold(across @ (stacks @ within.mT), t)
            total = total + patches.adjoint((across.mT @ small @ within).flatten(0, 1)[None])[0]
        return total

    @classmethod
    def specimens(cls) -> list["StackShrinkage"]:
        return [cls(_tiling(), 2, (8, 4))]

    def example(self, batch: int, generator: torch.Generator) -> Tensor:
        return torch.randn(len(self.chunks), *self.size, dtype=torch.float64, generator=generator)


def _tiling() -> Tensor:
    """Two images of 8 x 4 pixels, each a partition into two stacks of four patches."""
    corners = torch.cartesian_prod(torch.arange(0, 8, 2), torch.arange(0, 4, 2))
    orders = [torch.randperm(8, generator=torch.Generator().manual_seed(k)) for k in range(2)]
    return torch.stack([corners[order].unflatten(0, (2, 4)) for order in orders])
