"""Sparse patches: each in an orthonormal basis of its own class, all patches that an image has."""

from typing import Any

import torch
from jaxtyping import Float, Int64, Num
from torch import Tensor, nn

from minimand.operators.chosen_patches import ChosenPatches, everywhere
from minimand.term import Term
from minimand.terms.sparse import soft_threshold

CHUNK = 1024  # patches at a time, so that they stay in the cache


class PatchShrinkage(Term):
    """A term known by its prox only: soft thresholding of all overlapping patches in their bases, averaged.

    bases: orthonormal, a row an atom, (classes, pixels, pixels); labels: the class of the patch whose upper left pixel
    is here, (batch, height, width). Patches go on at the other side of the image. The n pixels of a patch make n
    partitions of the plane where n divides it, each an orthonormal basis with an l1 norm; the mean of their proxes is
    the prox of their proximal average. Source: Qu et al. (2012), eq. 8; Liu et al. (2016) for the average in place of
    the exact prox of the sum.
    """

    bases: Tensor

    def __init__(self, bases: Float[Tensor, "classes pixels pixels"], labels: Int64[Tensor, "batch height width"]):
        super().__init__()
        size = (labels.shape[-2], labels.shape[-1])
        self.side, self.size = round(bases.shape[-1] ** 0.5), size
        self.register_buffer("bases", bases)
        at = everywhere(*size).to(labels.device)
        chunks = [  # of every item: class and patches
            [
                (c, ChosenPatches(part[None], self.side, size))
                for c in range(len(bases))
                for part in at[item.flatten() == c].split(CHUNK)
                if len(part)
            ]
            for item in labels
        ]
        self.classes = [[c for c, _ in parts] for parts in chunks]
        self.chunks = nn.ModuleList(nn.ModuleList(patches for _, patches in parts) for parts in chunks)

    def prox(self, v: Num[Tensor, "batch height width"], t: Tensor | float) -> Num[Tensor, "batch height width"]:
        steps = torch.as_tensor(t, dtype=v.real.dtype, device=v.device).flatten().expand(len(v))
        each = zip(v, self.classes, self.chunks, steps, strict=True)
        return torch.stack([self._shrunk(x, classes, chunks, s) for x, classes, chunks, s in each])

    def _shrunk(self, x: Tensor, classes: list[int], chunks: Any, t: Tensor) -> Tensor:
        total = torch.zeros_like(x)
        for c, patches in zip(classes, chunks, strict=True):
            basis = self.bases[c].to(x.dtype)
            total = total + patches.adjoint(soft_threshold(patches(x[None]) @ basis.mT, t) @ basis)[0]
        return total / self.bases.shape[-1]

    @classmethod
    def specimens(cls) -> list["PatchShrinkage"]:
        generator = torch.Generator().manual_seed(0)
        bases = torch.linalg.qr(torch.randn(3, 4, 4, generator=generator, dtype=torch.float64))[0]
        return [cls(bases.to(torch.get_default_dtype()), torch.randint(3, (2, 5, 6), generator=generator))]

    def example(self, batch: int, generator: torch.Generator) -> Tensor:
        return torch.randn(len(self.chunks), *self.size, dtype=torch.float64, generator=generator)
