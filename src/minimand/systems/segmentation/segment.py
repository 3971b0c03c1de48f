"""From a target and a folder of atlases to labels: place, choose, register, warp, fuse."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from minimand.systems.segmentation.atlases import Library, Scan
from minimand.systems.segmentation.fusion import Rule
from minimand.systems.segmentation.placing import Placed, place, placed_image
from minimand.systems.segmentation.region import Region, region_of, require_inside, viewed
from minimand.systems.segmentation.registered import registered
from minimand.systems.segmentation.registration import Effort, sample, warp
from minimand.systems.segmentation.selection import most_alike

COUNT = 10  # atlases that are registered

Volume = Float[Tensor, "depth height width"]


class Warped(NamedTuple):
    """Atlases registered to a target, both from 0 to 1; labels: the share of every label, of each atlas."""

    target: Volume
    images: Float[Tensor, "atlas depth height width"]
    labels: Float[Tensor, "atlas label depth height width"]


@dataclass(frozen=True)
class Segmented:
    """labels: the numbers of the atlas files; probabilities: of every label in the order of `numbers`; disagreement:
    the share of the atlases that say something else, 0 to 1; atlases: names of those used, the most alike first;
    warped: target and atlases as the rule saw them. All of these are of `region`, a part of the target.
    """

    labels: Int64[Tensor, "depth height width"]
    probabilities: Float[Tensor, "label depth height width"]
    disagreement: Volume
    numbers: list[int]
    atlases: list[str]
    notes: list[str]
    warped: Warped
    region: Region


def segment(
    target: Scan, library: Library, rule: Rule, *, count: int = COUNT, centre: Sequence[int] | None = None,
    box: Sequence[Sequence[int]] | None = None,
) -> Segmented:  # fmt: skip
    """Label a target by the `count` atlases most like it.

    centre, box: where the organ is, if that is known, as `region_of` takes them. Raises ValueError for a target that
    does not fit the atlases.
    """
    require_one_kind(target, library)
    with torch.no_grad():
        region = region_of(target, library, centre=centre, box=box)
        part = region.cut(target)
        chosen = choose(part, library, count, region.centre)
    found = fuse(align(part, chosen), chosen, library, rule)
    if region.found and region.centre is not None:
        at = viewed([c + p.start for c, p in zip(region.centre, region.part, strict=True)], target.image.shape)
        found.notes.append(
            f"the target is much larger than the atlases; looked near {at} (--centre or --box says where)"
        )
    return replace(found, region=region)


def fuse(warped: Warped, chosen: Sequence[Placed], library: Library, rule: Rule) -> Segmented:
    """Labels by one rule from the atlases that were chosen and registered."""
    with torch.no_grad():
        votes = rule(*warped)
    winner = votes.argmax(0)
    agreeing = warped.labels.mean(0).gather(0, winner[None])[0]
    notes = [f"{p.name}: turned or resampled to the target's grid" for p in chosen if p.resampled]
    if len(notes) > 3:
        notes = [f"{len(notes)} of {len(chosen)} atlases were turned or resampled to the target's grid"]
    return Segmented(
        torch.tensor(library.labels)[winner], votes, (1 - agreeing).clamp(0, 1), library.labels,
        [p.name for p in chosen], notes, warped, Region((slice(None),) * 3, None),
    )  # fmt: skip


def choose(target: Scan, library: Library, count: int, centre: Sequence[int] | None = None) -> list[Placed]:
    """The `count` atlases most like the target, on its grid, the best first. Raises ValueError for a centre outside."""
    require_one_kind(target, library)
    if centre is not None:
        require_inside("centre", centre, target.image.shape)
    images = torch.stack([placed_image(atlas, target, centre) for atlas in library.atlases])
    best = most_alike(target.normal, images, count)
    return [place(library.atlases[k], target, library.labels, centre) for k in best.tolist()]


def require_one_kind(target: Scan, library: Library) -> None:
    """Raises ValueError for an image among volumes or the other way round."""
    size, kind = target.image.shape, library.atlases[0].labels.shape
    if (size[0] == 1) != (kind[0] == 1):
        what = {True: "an image", False: "a volume"}
        raise ValueError(f"the target is {what[size[0] == 1]} of {tuple(size)} voxels, the atlases are not.")


def align(target: Scan, placed: Sequence[Placed], effort: Effort | None = None) -> Warped:
    """Atlases registered to the target."""
    T, images = target.normal, torch.stack([p.image for p in placed])
    labels = torch.stack([p.labels for p in placed])
    field = registered(T, images, target.spacing, effort or Effort()).on(T.shape)
    warped = warp(labels[:, 1:], field)
    rest = 1 - warped.sum(1, keepdim=True)
    return Warped(T, sample(images[:, None], field)[:, 0], torch.cat([rest, warped], 1))
