"""How well labels fit the truth: overlap and distance of every label."""

from collections.abc import Sequence
from typing import NamedTuple

from jaxtyping import Int64
from torch import Tensor

from minimand.metrics import dice, jaccard, surface_distances

Labels = Int64[Tensor, "depth height width"]


class Overlap(NamedTuple):
    """Dice and Jaccard from 0 to 1; average and largest distance of the surfaces in the units of the spacing, not
    finite where one of the regions is empty.
    """

    dice: float
    jaccard: float
    average_distance: float
    hausdorff: float


def overlap(found: Labels, truth: Labels, number: int, spacing: Sequence[float] | None = None) -> Overlap:
    """Of one label. spacing: between voxels along depth, height and width, 1 unless given; single slices have none
    along depth.
    """
    a, b = found[None] == number, truth[None] == number
    if len(found) == 1:
        a, b, spacing = a[:, 0], b[:, 0], None if spacing is None else spacing[1:]
    apart = surface_distances(a, b, spacing)
    return Overlap(float(dice(a, b)), float(jaccard(a, b)), float(apart.average), float(apart.hausdorff))
