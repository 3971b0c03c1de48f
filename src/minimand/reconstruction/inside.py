"""What a reconstruction network has learned, for a look at it."""

from typing import NamedTuple

from torch import Tensor


class Inside(NamedTuple):
    """Filters and curves stage by stage, of all filters or of the strongest ones."""

    filters: Tensor  # (stages, filters, size, size)
    grid: Tensor  # control points of the curves, (points,)
    curves: Tensor  # their values there, (stages, curves, points)
    born: Tensor  # the curve before training, (points,)
    total: int  # filters of a stage in all
