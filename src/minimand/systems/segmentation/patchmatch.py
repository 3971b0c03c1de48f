"""Patch match over several atlases: good matches of every patch, found by passing them on to neighbours.

A field holds for every voxel p a place q of some atlas whose patch is near that of the target at p. Fields start at
random places near p and get better in sweeps: take over the match of a voxel 8, 4, 2 or 1 away, moved along, where that
is nearer; then try places at random round the match, in ever smaller boxes. Several fields from different starts vote
with the weights of patch-based fusion. Source: Shi, Caballero, Ledig, Zhuang, Bai, Bhatia, de Marvao, Dawes, O'Regan,
Rueckert (2013); numbers of fields, sweeps and scales are our choice.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from minimand.systems.segmentation.fusion import EPS, Images, Labels, Target, Votes, patches, where_undecided

FIELDS, SWEEPS = 8, 5
REACH = 8  # voxels that a match may be away in images; half of it in volumes
JUMPS = (8, 4, 2, 1)

Rows = Float[Tensor, "voxel feature"]
Pool = Float[Tensor, "candidate feature"]
Matches = Int64[Tensor, "field four depth height width"]  # atlas, and the place in it


def patch_match(target: Target, images: Images, labels: Labels) -> Votes:
    """Votes of FIELDS matches for every voxel, by exp(-d / h^2), d the squared distance of the patches at two scales
    and h^2 the least of them.
    """
    reach = [min(REACH if len(target) == 1 else REACH // 2, n - 1) for n in target.shape]

    def compare(T: Target, X: Images, L: Labels, wanted: Bool[Tensor, "depth height width"]) -> Votes:
        found = match(T, X, [min(r, n - 1) for r, n in zip(reach, T.shape, strict=True)])
        d = _distances(*_features(T, X), found)
        w = torch.exp(-d / (d.amin(0) + EPS))
        said = L.movedim(1, -1)[tuple(found.unbind(1))].movedim(-1, 1)  # (field, label, ...)
        return torch.where(wanted, (w[:, None] * said).sum(0) / w.sum(0), 0)

    window = (0, 3, 3) if len(target) == 1 else (2, 2, 2)
    return where_undecided(compare, window, REACH, target, images, labels)


def match(target: Target, images: Images, reach: list[int], sweeps: int = SWEEPS) -> Matches:
    """FIELDS fields after so many sweeps, no match farther away than `reach` along each axis. Deterministic."""
    generator = torch.Generator().manual_seed(0)
    f, g = _features(target, images)
    size = torch.tensor(target.shape).view(3, 1, 1, 1)
    here = torch.stack(torch.meshgrid(*(torch.arange(n) for n in target.shape), indexing="ij"))
    box = torch.tensor(reach).view(3, 1, 1, 1)

    def near(place: Tensor, radius: Tensor) -> Tensor:
        moved = (torch.rand(place.shape, generator=generator) * (2 * radius + 1)).floor().long() - radius
        return _inside(place + moved, here, box, size)

    def any_atlas() -> Tensor:
        return torch.randint(len(images), (FIELDS, 1, *target.shape), generator=generator)

    now = torch.cat([any_atlas(), near(here.expand(FIELDS, -1, -1, -1, -1), box)], 1)
    best = _distances(f, g, now)
    axes = [axis for axis in range(3) if target.shape[axis] > 1]
    for _ in range(sweeps):
        for jump in JUMPS:
            for axis in axes:
                for step in (jump, -jump):
                    if jump < target.shape[axis]:
                        now, best = _better(f, g, now, best, _passed_on(now, here, axis, step, box, size))
        radius = box
        while bool((radius > 0).any()):
            atlas = torch.where(torch.rand(now[:, :1].shape, generator=generator) < 0.5, any_atlas(), now[:, :1])
            now, best = _better(f, g, now, best, torch.cat([atlas, near(now[:, 1:], radius)], 1))
            radius = radius // 2
    return now


def _passed_on(now: Matches, here: Tensor, axis: int, step: int, box: Tensor, size: Tensor) -> Matches:
    """The match of the voxel `step` away, moved along; voxels at the border get one from the other side, no worse a
    guess than any.
    """
    came = now.roll(step, 2 + axis)
    origin = here.roll(step, 1 + axis)
    return torch.cat([came[:, :1], _inside(came[:, 1:] - origin + here, here, box, size)], 1)


def _inside(place: Tensor, here: Tensor, box: Tensor, size: Tensor) -> Tensor:
    """Places within reach and within the volume."""
    near = torch.minimum(torch.maximum(place, here - box), here + box)
    return torch.minimum(near.clamp_min(0), size - 1)


def _better(f: Rows, g: Pool, now: Matches, best: Tensor, tried: Matches) -> tuple[Matches, Tensor]:
    d = _distances(f, g, tried)
    better = d < best
    return torch.where(better[:, None], tried, now), torch.where(better, d, best)


def _distances(f: Rows, g: Pool, found: Matches) -> Float[Tensor, "field depth height width"]:
    """Squared distance of the target's features and those at the matches."""
    size = found.shape[2:]
    atlas, z, y, x = found.flatten(2).unbind(1)
    index = ((atlas * size[0] + z) * size[1] + y) * size[2] + x
    return (g[index] - f).square().sum(-1).unflatten(1, size)


def _features(target: Target, images: Images) -> tuple[Rows, Pool]:
    """Patches of the images and of smoothed ones, every second voxel of the latter, as rows: of the target and of all
    atlases' voxels.
    """
    radius = 2 if len(target) == 1 else 1
    x = torch.cat([target[None], images])
    kernel = [3 if n > 1 else 1 for n in target.shape]
    smooth = F.avg_pool3d(x[:, None], kernel, 1, [k // 2 for k in kernel], count_include_pad=False)[:, 0]
    rows = torch.cat([patches(x, radius), patches(smooth, radius, 2)], 1).flatten(2).mT
    return rows[0].contiguous(), rows[1:].flatten(0, 1).contiguous()
