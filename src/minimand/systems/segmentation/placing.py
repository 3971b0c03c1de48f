"""Atlases on the grid of a target before registration: turned as it is, at its spacing, middle on middle."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minimand.io import InputError
from minimand.systems.segmentation.atlases import Atlas, Scan, normalised
from minimand.systems.segmentation.registration import Field, sample, warp

ALIGNED = 0.9  # cosine with a scanner axis from which the axes of single slices say how the patient lies

Volume = Float[Tensor, "depth height width"]


class Placed(NamedTuple):
    """image: from 0 to 1; labels: the share of every label; both on the target's grid. resampled: not just shifted."""

    name: str
    image: Volume
    labels: Float[Tensor, "label depth height width"]
    resampled: bool


def read_centre(text: str) -> list[int]:
    """`X,Y` or `X,Y,Z`, as viewers count, as (depth, height, width) of our volumes. Raises InputError."""
    words = [word.strip() for word in text.split(",")]
    if len(words) not in (2, 3) or not all(word.isdecimal() and len(word) < 11 for word in words):
        raise InputError(f"the centre {text}: write X,Y of an image or X,Y,Z of a volume, whole numbers from 0.")
    x, y, z = (int(word) for word in (*words, "0")[:3])
    return [z, x, y]


def read_box(text: str) -> list[list[int]]:
    """`X0,Y0,X1,Y1` or `X0,Y0,Z0,X1,Y1,Z1`: first and last voxel, as (depth, height, width) each. Raises InputError."""
    words = text.split(",")
    half = len(words) // 2
    try:
        first, last = (read_centre(",".join(part)) for part in (words[:half], words[half:]))
    except InputError:
        first, last = [0, 0, 0], [-1, -1, -1]
    if len(words) % 2 or any(a > b for a, b in zip(first, last, strict=True)):
        raise InputError(
            f"the box {text}: write X0,Y0,X1,Y1 of an image or X0,Y0,Z0,X1,Y1,Z1 of a volume, first corner first."
        )
    return [first, last]


def place(atlas: Atlas, target: Scan, numbers: Sequence[int], centre: Sequence[int] | None = None) -> Placed:
    """The atlas on the grid of the target, the directions and the spacing of both heeded, their origins not.

    centre: voxel of the target, (depth, height, width), where the organ is: the middle of the atlas's labels is put
    there. Unless given, the middles of both volumes are put together. Directions are those of the nearest scanner axes;
    single slices that lie askew keep rows and columns as they are.
    """
    one_hot = torch.stack([atlas.labels == n for n in numbers]).float()
    field, resampled = _grid(atlas, target, centre)
    if field is None:
        return Placed(atlas.name, atlas.scan.normal, one_hot, False)
    labels = warp(one_hot[None, 1:], field)[0]
    labels = torch.cat([1 - labels.sum(0, keepdim=True), labels])
    return Placed(atlas.name, placed_image(atlas, target, centre), labels, resampled)


def placed_image(atlas: Atlas, target: Scan, centre: Sequence[int] | None = None) -> Volume:
    """The image alone, for choosing among many atlases."""
    field, _ = _grid(atlas, target, centre)
    if field is None:
        return atlas.scan.normal
    return normalised(sample(atlas.scan.image[None, None], field)[0, 0])


def extent(atlas: Atlas, target: Scan) -> np.ndarray:
    """How many voxels of the target the atlas is long, along its depth, height and width."""
    return _lengths(atlas, target, np.array(atlas.labels.shape))


def label_extent(atlas: Atlas, target: Scan) -> np.ndarray:
    """The same of the box round the atlas's labels, which has some."""
    at = (atlas.labels > 0).nonzero()
    return _lengths(atlas, target, (at.amax(0) - at.amin(0) + 1).numpy())


def _lengths(atlas: Atlas, target: Scan, lengths: np.ndarray) -> np.ndarray:
    turn = _turn(atlas.scan.affine, target.affine, flat=len(target.image) == 1)
    return np.asarray(np.abs(np.linalg.inv(turn)) @ lengths)


def _grid(atlas: Atlas, target: Scan, centre: Sequence[int] | None) -> tuple[Field | None, bool]:
    """Where the target's voxels lie in the atlas, None if both grids are one; whether that is more than a shift."""
    turn = _turn(atlas.scan.affine, target.affine, flat=len(target.image) == 1)
    ours, theirs = (np.array(v.shape) for v in (target.image, atlas.labels))
    here, there = (ours - 1) / 2, (theirs - 1) / 2
    if centre is not None:
        here = np.array(centre, float)
        marked = (atlas.labels > 0).nonzero().double().mean(0).numpy()
        there = marked if np.isfinite(marked).all() else there
    resampled = not np.allclose(turn, np.eye(3), atol=1e-3)
    if not resampled and np.array_equal(ours, theirs) and np.allclose(here, there):
        return None, False
    return _places(turn, here, there, ours, theirs), resampled


def _turn(atlas: np.ndarray, target: np.ndarray, *, flat: bool) -> np.ndarray:
    """From steps between voxels of the target to steps between voxels of the atlas."""
    (atlas_axes, atlas_spacing), (axes, spacing) = _axes(atlas), _axes(target)
    turn = atlas_axes.T @ axes
    if flat and (turn[0, 0] == 0 or min(_cosines(atlas), _cosines(target)) < ALIGNED):
        turn = np.eye(3)
    steps = np.diag(1 / atlas_spacing) @ turn @ np.diag(spacing)
    if flat:
        steps[0, 0] = 1
    return steps


def _axes(affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest scanner axis of every voxel axis, with its sign, as columns; and the spacing."""
    return _axes_of(affine.astype(float).tobytes())


@lru_cache(maxsize=1024)
def _axes_of(affine_bytes: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Remembered, for the atlases of a folder mostly lie alike and every target asks."""
    from nibabel.orientations import io_orientation

    affine = np.frombuffer(affine_bytes).reshape(4, 4)
    axes = np.zeros((3, 3))
    for k, (axis, sign) in enumerate(io_orientation(affine)):
        axes[int(axis) if np.isfinite(axis) else k, k] = sign if np.isfinite(sign) else 1
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    return axes, np.where(spacing > 0, spacing, 1.0)


def _cosines(affine: np.ndarray) -> float:
    """The least cosine between a voxel axis and its nearest scanner axis."""
    axes, spacing = _axes(affine)
    return float(np.abs((affine[:3, :3] / spacing * axes).sum(0)).min())


def _places(turn: np.ndarray, here: np.ndarray, there: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> Field:
    """Where every voxel of the target lies in the atlas, from -1 to 1."""
    x = torch.stack(torch.meshgrid(*(torch.arange(n, dtype=torch.float64) for n in ours), indexing="ij"), -1)
    voxel = (x - torch.from_numpy(here)) @ torch.from_numpy(turn).T + torch.from_numpy(there)
    return ((2 * voxel + 1) / torch.from_numpy(theirs.astype(float)) - 1)[None].float()
