"""The part of a target that is worked on: round a given voxel, in a given box, or where the atlases' organ is found.

Found by templates, each atlas's image round its labels, correlated with the target on a coarse grid,

    s_i(x) = NCC(template_i, target at x) - 0.3 |x - middle|^2 / (half the target)^2

and the median of the best places of the ten templates that fit best. One template alone errs in a third of all hearts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from torch import Tensor

from minimand.systems.segmentation.atlases import Library, Scan
from minimand.systems.segmentation.placing import extent, label_extent, placed_image

LARGER = 1.25  # times as long as the atlases along some axis: a target in which the organ is looked for
AROUND = 1.5  # length of a template over that of the labels
GRAIN = 12  # voxels of a template on the coarse grid
LEAST = 8  # voxels of a template
TEMPLATES = {True: 80, False: 30}  # at most, for images and for volumes
VOTERS = 10
PRIOR = 0.3

Part = tuple[slice, slice, slice]
Maps = Float[Tensor, "template z y x"]


@dataclass(frozen=True)
class Region:
    """part: of the target; centre: voxel of that part where the organ is, None for its middle; found: not given."""

    part: Part
    centre: list[int] | None
    found: bool = False

    def cut(self, scan: Scan) -> Scan:
        """The part as a scan of its own; it lies as the whole does."""
        return Scan(scan.image[self.part], scan.affine, scan.source)

    def paste(self, values: Shaped[Tensor, "channel d h w"], size: Sequence[int], beyond: Sequence[int]) -> Tensor:
        """Values of the part in the whole target, `beyond` of every channel elsewhere."""
        whole = torch.tensor(beyond, dtype=values.dtype).view(-1, 1, 1, 1).repeat(1, *size)
        whole[:, *self.part] = values
        return whole


def region_of(
    target: Scan, library: Library, *, centre: Sequence[int] | None = None, box: Sequence[Sequence[int]] | None = None
) -> Region:
    """centre: voxel (depth, height, width) in the organ: as much round it as the atlases show. box: first and last
    voxel of the part, the organ in its middle unless there is a centre. With neither, a target much larger than the
    atlases is searched, and others are taken whole.

    Raises ValueError for a voxel outside the target, and for a box without 4 voxels along an axis.
    """
    size = target.image.shape
    for named, voxel in [("centre", centre), *(("box's corner", corner) for corner in box or ())]:
        if voxel is not None:
            require_inside(named, voxel, size)
    if box is not None:
        return _in_box(box, centre, size)
    theirs = np.median([extent(a, target) for a in library.atlases], 0)
    found = None
    if centre is None and any(n > LARGER * t for n, t in zip(size, theirs, strict=True)):
        found = find(target, library)
    at = found if centre is None else list(centre)
    if at is None:
        return Region(_part((0, 0, 0), size), None)
    half = [max(int(np.ceil(t / 2)), 2) for t in theirs]
    first = [max(0, c - h) for c, h in zip(at, half, strict=True)]
    part = _part(first, [min(n, c + h) for c, h, n in zip(at, half, size, strict=True)])
    return Region(part, [c - a for c, a in zip(at, first, strict=True)], found is not None)


def require_inside(named: str, voxel: Sequence[int], size: Sequence[int]) -> None:
    """Raise ValueError for a voxel outside a target of this size, both told as viewers count."""
    if not all(0 <= c < n for c, n in zip(voxel, size, strict=True)):
        shape = viewed(size, size)
        raise ValueError(f"the {named} {viewed(voxel, size)} lies outside the target, which has {shape} voxels.")


def find(target: Scan, library: Library) -> list[int] | None:
    """The voxel where the middle of the atlases' labels seems to lie; None where a template is no smaller than the
    target, or no atlas has labels.
    """
    size = target.image.shape
    marked = [a for a in library.atlases if bool((a.labels > 0).any())]
    if not marked:
        return None
    most = min(TEMPLATES[size[0] == 1], len(marked))
    marked = [marked[k * len(marked) // most] for k in range(most)]
    longest = np.median([label_extent(a, target) for a in marked], 0) * AROUND
    side = [1 if n == 1 else max(LEAST, round(s)) for n, s in zip(size, longest, strict=True)]
    if any(s >= n > 1 for s, n in zip(side, size, strict=True)):
        return None
    grain = [max(1, round(s / GRAIN)) for s in side]
    side = [g * max(1, round(s / g)) for s, g in zip(side, grain, strict=True)]
    frame = Scan(torch.zeros(side), target.affine, target.source)
    middle = [(s - 1) // 2 for s in side]
    templates = _coarse(torch.stack([placed_image(a, frame, middle) for a in marked]), grain)
    fit = correlation(_coarse(target.normal[None], grain)[0], templates)
    fit = fit - PRIOR * _far(fit.shape[1:])
    best, place = fit.flatten(1).max(1)
    order = best.argsort(descending=True)[:VOTERS]
    corner = np.median(np.stack(np.unravel_index(place[order].numpy(), fit.shape[1:])), 1)
    return [min(n - 1, round(g * float(c)) + m) for g, c, m, n in zip(grain, corner, middle, size, strict=True)]


def correlation(target: Float[Tensor, "depth height width"], templates: Maps) -> Float[Tensor, "template d h w"]:
    """Normalised correlation of every template with the part of the target under it, by the part's first voxel."""
    n = templates[0].numel()
    t = templates - templates.mean((1, 2, 3), keepdim=True)
    t = t / t.flatten(1).norm(dim=1).clamp_min(1e-6)[:, None, None, None]
    x = target[None, None]
    ones = torch.ones_like(templates[:1, None])
    mean, square = (F.conv3d(v, ones)[0] / n for v in (x, x * x))
    spread = ((square - mean**2).clamp_min(1e-6) * n).sqrt()
    return F.conv3d(x, t[:, None])[0] / spread


def _in_box(box: Sequence[Sequence[int]], centre: Sequence[int] | None, size: Sequence[int]) -> Region:
    part = _part(box[0], [b + 1 for b in box[1]])
    if any(p.stop - p.start < min(4, n) for p, n in zip(part, size, strict=True)):
        raise ValueError("the box is smaller than 4 voxels along an axis; its corners are the first and the last.")
    at = centre if centre is not None else [(p.start + p.stop) // 2 for p in part]
    if not all(p.start <= c < p.stop for c, p in zip(at, part, strict=True)):
        raise ValueError(f"the centre {viewed(at, size)} lies outside the box.")
    return Region(part, [c - p.start for c, p in zip(at, part, strict=True)])


def _far(size: Sequence[int]) -> Float[Tensor, "depth height width"]:
    """Squared distance from the middle, 1 half way to the sides of what can be reached."""
    z, y, x = (torch.linspace(-1, 1, n) ** 2 if n > 1 else torch.zeros(1) for n in size)
    return z[:, None, None] + y[:, None] + x


def _coarse(volumes: Maps, grain: Sequence[int]) -> Float[Tensor, "template d h w"]:
    return F.avg_pool3d(volumes[:, None], list(grain))[:, 0]


def _part(first: Sequence[int], stop: Sequence[int]) -> Part:
    z, y, x = (slice(a, b) for a, b in zip(first, stop, strict=True))
    return z, y, x


def viewed(voxel: Sequence[int], size: Sequence[int]) -> str:
    """X,Y or X,Y,Z as viewers count."""
    z, x, y = voxel
    return f"{x},{y}" if size[0] == 1 else f"{x},{y},{z}"
