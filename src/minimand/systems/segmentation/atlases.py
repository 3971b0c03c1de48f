"""Images and atlases on disk: a folder with images/NAME.nii.gz and labels/NAME.nii.gz, and volumes to segment.

Volumes are (depth, height, width), file axes (z, x, y); an image, or a volume of a single slice, has depth 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from minimand.io import InputError, Stored, check_finite, read_array

SUFFIXES = (".nii.gz", ".nii")
LARGEST = 2**31 - 1  # label number
PERCENTILES = (0.01, 0.99)

Volume = Float[Tensor, "depth height width"]
Labels = Int64[Tensor, "depth height width"]


@dataclass(frozen=True)
class Scan:
    """An image in its own intensities. affine: (4, 4), from (depth, height, width) to millimetres."""

    image: Volume
    affine: np.ndarray
    source: Stored

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres between voxels along depth, height and width; 1 where the file says 0."""
        z, y, x = (float(d) or 1.0 for d in np.linalg.norm(self.affine[:3, :3], axis=0))
        return z, y, x

    @cached_property
    def normal(self) -> Volume:
        """`normalised` image, worked out once: many targets ask for it."""
        return normalised(self.image)


@dataclass(frozen=True)
class Atlas:
    """A scan whose labels are known: whole numbers, 0 the background."""

    name: str
    scan: Scan
    labels: Labels


@dataclass(frozen=True)
class Library:
    """Atlases of one kind, all images or all volumes.

    labels: every number that occurs, ascending, 0 first; notes: worth telling the user.
    """

    atlases: list[Atlas]
    labels: list[int]
    notes: list[str]


def read_scan(path: Path) -> Scan:
    """An image or a volume. Raises InputError for other formats, more axes, complex or non-finite values."""
    stored, array = _read(path)
    if array.dtype.kind == "c":
        raise InputError(f"{path}: holds complex values; segmentation needs real ones, write the magnitudes.")
    check_finite(array, str(path), "the image")
    return Scan(torch.from_numpy(array.astype(np.float32)), _affine(stored), stored)


def read_labels(path: Path, scan: Scan) -> Labels:
    """The labels of a scan. Raises InputError for another shape, negative labels or what is no whole number."""
    _, array = _read(path)
    if array.shape != tuple(scan.image.shape):
        raise InputError(f"{path}: shape {array.shape}, but its image has {tuple(scan.image.shape)}; they must match.")
    if array.dtype.kind == "c" or not np.isfinite(array).all() or (array != np.rint(array)).any():
        bad = array[~(array == np.rint(array))]
        raise InputError(f"{path}: labels are whole numbers, found {bad[0]:g}; was the file interpolated?")
    if array.min() < 0 or array.max() > LARGEST:
        worst = array.min() if array.min() < 0 else array.max()
        raise InputError(f"{path}: labels are numbers from 0 to {LARGEST}, found {worst:g}.")
    return torch.from_numpy(array.astype(np.int64))


def read_library(folder: Path, labels: Sequence[int] = ()) -> Library:
    """Every atlas of a folder, in the order of their names; `labels` keeps only these numbers, the rest is background.

    Raises InputError for a folder without atlases, an image without labels or the other way round, differing shapes,
    images among volumes, labels that are negative or no whole numbers, numbers asked for that never occur.
    """
    images, marked = _pairs(folder)
    scans = {name: read_scan(path) for name, path in images.items()}
    atlases = [Atlas(name, scan, read_labels(marked[name], scan)) for name, scan in scans.items()]
    volumes = [a.name for a in atlases if len(a.labels) > 1]
    if 0 < len(volumes) < len(atlases):
        raise InputError(f"{folder}: {volumes[0]} is a volume, others are images; make two folders of them.")
    found = sorted({0} | {number for a in atlases for number in a.labels.unique().tolist()})
    if missing := [number for number in labels if number not in found]:
        known = ", ".join(str(number) for number in found if number)
        raise InputError(f"{folder}: no atlas has label {missing[0]}; there are {known or 'none'}.")
    kept = sorted({0, *labels}) if labels else found
    if kept == [0]:
        raise InputError(f"{folder}: all labels are 0; atlases need labelled voxels.")
    if kept != found:
        atlases = [Atlas(a.name, a.scan, _only(a.labels, kept)) for a in atlases]
    return Library(atlases, kept, _notes(atlases, kept))


def normalised(image: Volume) -> Volume:
    """Intensities from 0 at the first percentile to 1 at the last but one; a constant image becomes 0."""
    values = image.flatten()
    step = max(1, values.numel() // 2**20)
    low, high = torch.from_numpy(np.quantile(values[::step].numpy(), PERCENTILES)).to(image.dtype)
    return ((image - low) / (high - low).clamp_min(torch.finfo(image.dtype).tiny)).clamp(0, 1) * (high > low)


def label_type(numbers: Sequence[int]) -> type[np.generic]:
    """The smallest type of NIfTI that holds these labels."""
    return next(t for t in (np.uint8, np.int16, np.int32) if max(numbers) <= np.iinfo(t).max)


def _read(path: Path) -> tuple[Stored, np.ndarray]:
    """The file and its array as (depth, height, width)."""
    if not path.name.lower().endswith(SUFFIXES):
        raise InputError(f"{path}: segmentation reads NIfTI, {' or '.join(SUFFIXES)}; convert it first.")
    stored = read_array(path)
    array = stored.array
    if array.ndim > 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim not in (2, 3) or array.size == 0 or min(array.shape[-2:]) < 4:
        raise InputError(
            f"{path}: has shape {stored.array.shape}; an image or one volume of 4 x 4 pixels or more is needed."
        )
    return stored, array[None] if array.ndim == 2 else array


def _affine(stored: Stored) -> np.ndarray:
    """Of the file's (x, y, z), turned to our (z, x, y)."""
    affine = stored.geometry.affine if stored.geometry else np.eye(4)
    return affine[:, [2, 0, 1, 3]]


def _pairs(folder: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    """Images and their labels by name."""
    images, marked = (_files(folder / name) for name in ("images", "labels"))
    for name, path in images.items():
        if name not in marked:
            raise InputError(f"{path}: has no labels; {folder / 'labels' / path.name} is needed (or remove the image).")
    for name, path in marked.items():
        if name not in images:
            raise InputError(f"{path}: labels without an image; {folder / 'images' / path.name} is needed.")
    return images, marked


def _files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; atlases are images/NAME.nii.gz with labels/NAME.nii.gz.")
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name.lower().endswith(SUFFIXES) and not path.name.startswith("."):
            found[path.name[: path.name.lower().rindex(".nii")]] = path
    if not found:
        raise InputError(f"{folder}: holds no NIfTI file; atlases are images/NAME.nii.gz with labels/NAME.nii.gz.")
    return found


def _only(labels: Tensor, kept: Sequence[int]) -> Tensor:
    return torch.where(torch.isin(labels, torch.tensor(kept)), labels, 0)


def _notes(atlases: Sequence[Atlas], kept: Sequence[int]) -> list[str]:
    """Which labels some atlases lack: there they count as absent from the body."""
    notes = []
    for number in kept[1:]:
        without = [a.name for a in atlases if not bool((a.labels == number).any())]
        if without:
            more = f" and {len(without) - 3} more" if len(without) > 3 else ""
            notes.append(f"label {number} is absent from {', '.join(without[:3])}{more} (taken as truly absent)")
    return notes
