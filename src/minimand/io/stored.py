"""What a reader hands over: the array, and where it came from.

One rule for axes, whatever the file: the last two axes of an array are rows and columns and what counts images leads,
(..., rows, columns). NumPy and HDF5 files keep that order; NIfTI, MATLAB and BART files end with what counts images,
(rows, columns, slices, volumes), so their readers move it to the front and their writers move it back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .spec import Index


@dataclass(frozen=True)
class Geometry:
    """Where the voxels lie: enough of a NIfTI header to write a result back over its scan.

    affine: (4, 4) float64, from voxel (row, column, slice) to millimetres; spacing: of every file axis, mm and seconds;
    codes: the NIfTI sform and qform codes; units: of space and of time, in NIfTI's words.
    """

    affine: np.ndarray
    spacing: tuple[float, ...] = (1.0, 1.0, 1.0)
    codes: tuple[int, int] = (2, 0)
    units: tuple[str, str] = ("mm", "unknown")


@dataclass(frozen=True)
class Raw:
    """What raw data hold beside k-space, zero frequency in the centre.

    mask: bool, (h, w) or (images, h, w); noise: samples without signal, (coils, samples), or None; calibration:
    k-space measured for coil maps alone, (slices, coils, h, w), slice k for the images k, k + slices, ..., or None.
    """

    mask: np.ndarray
    noise: np.ndarray | None = None
    calibration: np.ndarray | None = None

    def part(self, taken: Sequence[int]) -> "Raw":
        """What belongs to some of the images."""
        rows = list(taken)
        mask = self.mask[rows] if self.mask.ndim == 3 else self.mask
        own = None if self.calibration is None else self.calibration[[k % len(self.calibration) for k in rows]]
        return Raw(mask, self.noise, own)


@dataclass(frozen=True)
class Stored:
    """An array as read. See this module's docstring for the order of axes.

    key: its name in a container, or None; siblings: shape (as in the file) and type of every array in the container;
    axes: BART's name of each axis, else empty; index: the part of the leading axis that was asked for, and
    taken: the entries that it took (empty: all);
    channels: the last axis is colour (red, green, blue), (rows, columns, 3); notes: worth telling the user; raw: what
    a raw-data file holds beside the array.
    """

    array: np.ndarray
    path: Path
    key: str | None
    format: str
    geometry: Geometry | None = None
    siblings: Mapping[str, tuple[tuple[int, ...], str]] = field(default_factory=dict)
    axes: tuple[str, ...] = ()
    index: Index = None
    taken: tuple[int, ...] = ()
    channels: bool = False
    notes: tuple[str, ...] = ()
    raw: Raw | None = None

    @property
    def name(self) -> str:
        """How messages call it: `scan.npz:kspace`."""
        return f"{self.path}:{self.key}" if self.key else str(self.path)


def pages_first(array: np.ndarray) -> np.ndarray:
    """(rows, columns, slices, volumes) -> (volumes, slices, rows, columns): file order to ours."""
    return array.transpose(*range(array.ndim - 1, 1, -1), 0, 1) if array.ndim > 2 else array


def pages_last(array: np.ndarray) -> np.ndarray:
    """(volumes, slices, rows, columns) -> (rows, columns, slices, volumes): the inverse of `pages_first`."""
    if array.ndim <= 2:
        return array
    return array.transpose(array.ndim - 2, array.ndim - 1, *range(array.ndim - 3, -1, -1))
