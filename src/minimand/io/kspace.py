"""Undersampled k-space with its mask, from any file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .errors import InputError
from .masks import as_mask, fit_mask, read_mask
from .read import check_finite, read_array
from .room import parts
from .spec import Spec
from .stored import Stored

NAMES = ("kspace", "k_space", "ksp", "y", "data", "train")
Drawn = Callable[[tuple[int, int]], np.ndarray]  # (h, w) -> mask
DENSE = 0.6  # share of the energy in the middle sixteenth that makes an array k-space
OUTSIDE = 1e-6  # share of the energy outside the mask that is worth a note


@dataclass(frozen=True)
class KSpace:
    """Measured k-space, zero frequency in the centre: k = fftshift(fft2(ifftshift(x))).

    kspace: complex64 or complex128, (slices, h, w), or (slices, coils, h, w) when `coils` is not None; mask: bool,
    (h, w) or (slices, h, w); single: the file held one 2-D slice; notes: one line each, for the user; largest:
    magnitude. noise: samples without signal, (coils, samples), or None; calibration: k-space measured for coil maps
    alone, (1 or more, coils, h, w), for slices k, k + 1 or more, ...; or None.
    """

    kspace: np.ndarray
    mask: np.ndarray
    coils: int | None
    source: Stored
    single: bool
    notes: list[str]
    largest: float
    noise: np.ndarray | None = None
    calibration: np.ndarray | None = None


def read_kspace(spec: str | Path | Spec, mask: str | Path | np.ndarray | Drawn | None = None) -> KSpace:
    """K-space and mask of a file: two axes are a slice, three (slices, h, w), four (slices, coils, h, w).

    BART files say themselves which axis counts coils; NIfTI files have no coils, all axes but the last two count
    slices. The mask is the argument (a file, FILE:KEY, an array, or what makes one of a size); else the array `mask`
    beside the k-space; else the points that are not zero in every slice and coil. Raises InputError
    for real, non-finite, all-zero or empty k-space, and a mask of another size or with other values than 0 and 1.
    """
    stored = read_array(spec, prefer=NAMES)
    _check_complex(stored)
    kspace, coils, single = _arrange(stored)
    if min(kspace.shape) == 0 or min(kspace.shape[-2:]) < 2:
        raise InputError(
            f"{stored.name}: k-space of shape {stored.array.shape} is empty; slices of 2 x 2 or more are needed."
        )
    largest, ever = _looked_at(stored, kspace, coils)
    size = (kspace.shape[-2], kspace.shape[-1])
    name, given = _given_mask(stored, mask(size) if callable(mask) else mask)
    sampled = ever if given is None else fit_mask(given, name, len(kspace), size)
    energy = _energy(kspace, largest, sampled)
    if given is None:
        notes = [f"{stored.name}: no mask given, taken as the {sampled.mean():.1%} of points that are not zero"]
        notes += _like_images(energy.points, stored.name)
    else:
        notes = [*_outside(energy, stored.name, name), *_not_measured(ever, sampled, stored.name)]
    if stored.format == "NIfTI" and kspace.ndim != stored.array.ndim > 3:
        volumes, slices = len(kspace) // stored.array.shape[-3], stored.array.shape[-3]
        notes.append(
            f"{stored.name}: taken as {volumes} volumes of {slices} slices seen by one coil; data of several coils "
            "belong into .h5 or .cfl"
        )
    notes = [*stored.notes, *notes, *_corner(energy.points, stored.name)]
    noise, calibration = _beside(stored, coils, kspace.shape)
    return KSpace(kspace, sampled, coils, stored, single, notes, largest, noise, calibration)


def coil_axis(stored: Stored) -> int | None:
    """Which axis of k-space as it is stored counts coils: the one that BART names, the second of four elsewhere. A
    NIfTI file has none, there the leading axis counts volumes.
    """
    if stored.axes:
        return stored.axes.index("coil") if "coil" in stored.axes else None
    return 1 if stored.array.ndim == 4 and stored.format != "NIfTI" else None


def _looked_at(stored: Stored, kspace: np.ndarray, coils: int | None) -> tuple[float, np.ndarray]:
    """The largest magnitude, and where anything is not zero in any slice and coil, (h, w). Raises InputError for
    values that are not finite and for zeros alone.
    """
    largest, ever = 0.0, np.zeros(kspace.shape[-2:], bool)
    for part in parts(kspace):
        if not np.isfinite(kspace[part]).all():
            check_finite(stored.array, stored.name, "k-space")
        largest = max(largest, float(np.abs(kspace[part]).max()))
        ever |= (kspace[part] != 0).any(axis=(0, 1) if coils is not None else 0)
    if largest == 0:
        raise InputError(f"{stored.name}: k-space is zero everywhere; name the array that was measured (FILE:KEY).")
    return largest, ever


class _Energy(NamedTuple):
    """Squared magnitudes, the largest being 1: of every point, over all slices and coils; what the mask leaves out, and
    what it leaves out once its zero frequency is moved from [0, 0] to the centre.
    """

    points: np.ndarray
    left: float
    moved: float


def _energy(kspace: np.ndarray, largest: float, mask: np.ndarray) -> _Energy:
    points, left, moved = np.zeros(kspace.shape[-2:]), 0.0, 0.0
    elsewhere = np.fft.fftshift(mask, axes=(-2, -1))
    for part in parts(kspace):
        energy = (np.abs(kspace[part]).astype(np.float64) / largest) ** 2
        energy = energy.sum(axis=1) if energy.ndim == 4 else energy
        own = part if mask.ndim == 3 else slice(None)
        points += energy.sum(axis=0)
        left += float((energy * ~mask[own]).sum())
        moved += float((energy * ~elsewhere[own]).sum())
    whole = float(points.sum())
    return _Energy(points, left / whole, moved / whole)


def _check_complex(stored: Stored) -> None:
    array = stored.array
    if array.dtype.kind == "c":
        return
    hint = "name the complex array (FILE:KEY), or make k-space from an image by `minimand simulate`"
    if array.ndim > 2 and array.shape[-1] == 2:
        hint = "a last axis of 2 looks like real and imaginary parts, store k[..., 0] + 1j * k[..., 1]"
    raise InputError(f"{stored.name}: k-space must be complex, found {array.dtype} of shape {array.shape}; {hint}.")


def _arrange(stored: Stored) -> tuple[np.ndarray, int | None, bool]:
    """(slices, h, w) or (slices, coils, h, w), the number of coils, and whether the file held one slice."""
    kspace, axes, coil = stored.array, stored.axes, coil_axis(stored)
    if kspace.ndim < 2:
        raise InputError(f"{stored.name}: k-space has two axes or more, got shape {kspace.shape}.")
    if "phase2" in axes[:-2]:
        raise InputError(
            f"{stored.name}: holds 3-D k-space of shape {kspace.shape}; transform one direction first (bart fft -i 4) "
            "and give its slices."
        )
    if coil is not None:
        moved = np.moveaxis(kspace, coil, -3)
        return moved.reshape(-1, *moved.shape[-3:]), kspace.shape[coil], kspace.ndim == 3
    if axes or kspace.ndim <= 3 or stored.format == "NIfTI":
        return kspace.reshape(-1, *kspace.shape[-2:]), None, kspace.ndim == 2
    raise InputError(
        f"{stored.name}: k-space is (h, w), (slices, h, w) or (slices, coils, h, w), got shape {kspace.shape}; "
        "take a part of it, FILE:KEY[0]."
    )


def _given_mask(stored: Stored, mask: str | Path | np.ndarray | None) -> tuple[str, np.ndarray | None]:
    """The mask from the argument or the container, and its name for messages."""
    if isinstance(mask, np.ndarray):
        return "mask", as_mask(mask, "mask")
    if mask is not None:
        return str(mask), read_mask(mask)
    if stored.raw is not None:
        return f"{stored.name}: its own mask", stored.raw.mask
    if "mask" not in stored.siblings or stored.key == "mask":
        return "", None
    name = f"{stored.path}:mask"
    found = as_mask(read_array(Spec(stored.path, "mask")).array, name)
    if found.ndim == 3 and stored.taken and max(stored.taken) < len(found):
        found = found[list(stored.taken)]  # one mask per slice: the same slices of it
    return name, found


def _beside(
    stored: Stored, coils: int | None, shape: tuple[int, ...]
) -> tuple[np.ndarray | None, np.ndarray | None]:  # fmt: skip
    """The noise and calibration of raw data, or the arrays `noise` (coils, samples) beside coil data."""
    if stored.raw is not None:
        return stored.raw.noise, stored.raw.calibration
    if coils is None or "noise" not in stored.siblings or stored.key == "noise":
        return None, None
    noise = read_array(Spec(stored.path, "noise"))
    if noise.array.dtype.kind != "c" or noise.array.ndim != 2 or noise.array.shape[0] != coils:
        raise InputError(
            f"{noise.name}: noise of {coils} coils is complex, ({coils}, samples), found {noise.array.dtype} of shape "
            f"{noise.array.shape}; put it right or take it out."
        )
    check_finite(noise.array, noise.name, "noise")
    return noise.array, None


def _outside(energy: _Energy, name: str, mask_name: str) -> list[str]:
    """A note on energy that the mask leaves out. Raises InputError where it fits once its centre is put right."""
    share, moved = energy.left, energy.moved
    if share <= OUTSIDE:
        return []
    which = "the mask" if mask_name == "mask" else f"the mask {mask_name}"
    if moved <= OUTSIDE or moved < share / 2 > 0.1:
        raise InputError(
            f"{name}: {share:.2%} of the energy lies outside {which}, and {moved:.2%} once its zero frequency is moved "
            "from [0, 0] to the centre, where files have it; apply numpy.fft.fftshift to the mask."
        )
    text = f"{name}: {share:.2%} of the energy lies outside {which} and is left out"
    return [f"{text}; is it the right mask, with its centre in the middle?"]


def _not_measured(ever: np.ndarray, mask: np.ndarray, name: str) -> list[str]:
    """A note where a mask names points that are exactly zero in every slice and coil."""
    share = float((mask & ~ever).sum() / mask.sum())
    if share <= 0.001:
        return []
    return [
        f"{name}: {share:.1%} of the points that the mask names are exactly zero and count as measured; "
        "if they were not, give another mask or none"
    ]


def middle(energy: np.ndarray) -> float:
    """Share of the energy in the middle quarter of the rows and columns."""
    (h, w), total = energy.shape, energy.sum()
    rows, columns = (slice(n // 2 - max(n // 8, 1), n // 2 + max(n // 8, 1)) for n in (h, w))
    return float(energy[rows, columns].sum() / total) if total > 0 else 0.0


def _like_images(energy: np.ndarray, name: str) -> list[str]:
    """A note where the energy is neither in the centre nor at [0, 0]."""
    if max(middle(energy), middle(np.fft.fftshift(energy))) > DENSE:
        return []
    return [f"{name}: looks like images and is taken for k-space; minimand simulate makes k-space of images"]


def _corner(energy: np.ndarray, name: str) -> list[str]:
    """A note when the strongest point is near [0, 0] rather than near the centre."""
    peak = np.unravel_index(int(energy.argmax()), energy.shape)
    corner = [min(int(p), n - int(p)) / n for p, n in zip(peak, energy.shape, strict=True)]
    if max(corner) > 0.125:  # distances from the corner, in field widths; the centre is at 0.5
        return []
    return [
        f"{name}: the zero frequency seems to be at [0, 0], k-space files are centred here; apply fftshift over the "
        "last two axes (numpy.fft.fftshift(k, axes=(-2, -1))) if the result looks wrong"
    ]
