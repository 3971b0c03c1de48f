"""Wavelet shrinkage that does not depend on where the image starts."""

import torch
from jaxtyping import Num
from torch import Tensor

from minimand.operators.wavelet import UndecimatedWavelet
from minimand.term import Term
from minimand.terms.sparse import soft_threshold


class CycleSpinning(Term):
    """A term known by its prox only: soft thresholding in an orthonormal wavelet basis, averaged over all its shifts.

    (batch, height, width) of any size, periodic; the approximation is kept as it is. The mean of proxes is the prox of
    the proximal average of the shifted l1 norms, which is convex. name, levels: as in UndecimatedWavelet, by which it
    is computed, thresholds t / 2^level: the coefficients of a level are those of the shifted bases over 2^level.
    Source: Coifman and Donoho (1995); the average: Bauschke, Goebel, Lucet, Wang (2008), Yu (2013).
    """

    scale: Tensor

    def __init__(self, name: str = "db4", levels: int = 3):
        super().__init__()
        self.frame = UndecimatedWavelet(name, levels)
        scale = [0.5**level for level in range(1, levels + 1) for _ in range(3)]
        self.register_buffer("scale", torch.tensor([*scale, 0.0])[:, None, None], persistent=False)

    def prox(self, v: Num[Tensor, "batch height width"], t: Tensor | float) -> Num[Tensor, "batch height width"]:
        step = t.unsqueeze(1) if isinstance(t, Tensor) and t.ndim == v.ndim else t
        return self.frame.adjoint(soft_threshold(self.frame(v), step * self.scale))

    @classmethod
    def specimens(cls) -> list["CycleSpinning"]:
        return [cls("haar", 2), cls("db2", 1)]

    def example(self, batch: int, generator: torch.Generator) -> Tensor:
        return torch.randn(batch, 7, 9, dtype=torch.float64, generator=generator)
