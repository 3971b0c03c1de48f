"""A learned shrinkage curve."""

import torch
from jaxtyping import Num
from torch import Tensor, nn

from minimand.algebra import on_parts
from minimand.kernels.piecewise_linear import piecewise_linear
from minimand.term import Term


class PiecewiseLinear(Term):
    """A term known by its prox only: t S(v / t), S a piecewise-linear curve, one for all channels or one for each.

    S has `points` control points from -reach to reach and slope 1 outside; it is born as the soft threshold at
    `threshold`, so that the term is born as threshold * ||.||_1 (to the letter where +-threshold are control points).
    It acts on real and imaginary part alike. v: (batch, channels, *image), channels = 1 takes any v.
    Source: Yang et al. (2016), eq. 7.
    """

    def __init__(self, channels: int = 1, *, threshold: float = 1.0, reach: float = 10.0, points: int = 101):
        super().__init__()
        if not 0 < threshold <= reach or points < 3:
            raise ValueError(
                f"PiecewiseLinear needs 0 < threshold <= reach and 3 points or more, got threshold {threshold}, "
                f"reach {reach}, {points} points."
            )
        self.reach = reach
        grid = torch.linspace(-reach, reach, points)
        born = grid.sign() * (grid.abs() - threshold).clamp_min(0)
        self.values = nn.Parameter(born.repeat(channels, 1))

    def prox(self, v: Num[Tensor, "batch *shape"], t: Tensor | float) -> Num[Tensor, "batch *shape"]:
        if isinstance(t, (int, float)) and t == 1:
            return on_parts(self._curve, v)
        return t * on_parts(self._curve, v / t)

    def _curve(self, v: Tensor) -> Tensor:
        flat = v.flatten(2) if self.values.shape[0] > 1 else v.flatten(1).unsqueeze(1)
        return piecewise_linear(flat, self.values.to(v.dtype), self.reach).reshape(v.shape)

    @classmethod
    def specimens(cls) -> list["PiecewiseLinear"]:
        return [cls(), cls(3, threshold=0.4, reach=1.0, points=21)]
