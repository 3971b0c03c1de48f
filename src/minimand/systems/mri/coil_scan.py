"""Coil data made ready for a reconstruction: noise whitened, coils compressed, maps estimated or read."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from minimand.io import InputError, KSpace, check_finite, read_array
from minimand.io.room import room
from minimand.systems.mri.calibration import calibration_region, centre, espirit, require_region
from minimand.systems.mri.coils import compression, gram, mix, sensitivity, whitening

MOST_COILS = 8  # more are compressed to so many: beyond, time grows faster than quality
FAINT = 1e-3  # sensitivity in units of the largest below which maps of a file see nothing


@dataclass(frozen=True)
class Ready:
    """kspace: (slices, coils, height, width); maps: (1 or slices, coils, height, width), sum |S_c|^2 = 1 or 0 at every
    pixel; gain: what images are multiplied by to be in the units of the file's coils, (1 or slices, height, width), or
    None; notes: for the user.
    """

    kspace: Tensor
    maps: Tensor
    gain: Tensor | None
    notes: list[str]


def prepare(found: KSpace, kspace: Tensor, mask: Tensor, maps: str | None, most: int = MOST_COILS) -> Ready:
    """Coil data of a file and their maps.

    kspace: (slices, coils, height, width), mask: (height, width) or one a slice, inside convention. maps: a file of
    them, or None: estimated by ESPIRiT from the fully sampled centre, or from calibration lines measured apart.
    most: coils to compress to. Raises InputError where maps cannot be had or do not belong to the scan.
    """
    name, notes = found.source.name, []
    coils, size = kspace.shape[1], (kspace.shape[-2], kspace.shape[-1])
    given = None if maps is None else read_maps(maps, coils, len(kspace), size)
    products = gram(kspace, found.largest)
    silent = int((products.diagonal().real == 0).sum())
    if silent:
        notes.append(f"{silent} of {coils} coils hold nothing but zeros")
    white, matrix = None, torch.eye(coils, dtype=torch.complex128)
    if found.noise is not None:
        try:
            white = whitening(torch.from_numpy(found.noise))
            matrix, products = white, white @ products @ white.mH
            notes.append(f"noise made white by the {found.noise.shape[1]} samples of the noise scan")
        except ValueError as error:
            notes.append(f"the noise scan is left out: {error}")
    if coils > most:
        few, kept = compression(products, most)
        notes.append(f"{coils} coils compressed to {most} virtual ones, which keep {kept:.2%} of the energy")
        matrix = few @ matrix
    if white is not None or coils > most:
        kspace, found = _mixed(matrix, kspace, name), _calibration_mixed(found, matrix)
    if given is not None:
        weighted = _mixed(matrix, given, name)
        inverse = _inverse(weighted)
        for k in range(len(weighted)):
            weighted[k] *= inverse[k]
        return Ready(kspace, weighted, inverse, notes)
    estimated, region = _estimate(found, kspace, mask, name)
    where = "lines measured apart" if found.calibration is not None else "centre"
    notes.append(f"coil maps by ESPIRiT from the {region[0]} x {region[1]} points of the {where}")
    gain, back = None, torch.linalg.pinv(matrix)
    if white is not None:
        gain = _empty((len(estimated), *size), torch.float32, name)
        for k in range(len(estimated)):
            gain[k] = sensitivity(mix(back, estimated[k : k + 1])[0]).sqrt()
    return Ready(kspace, estimated, gain, notes)


def _empty(shape: tuple[int, ...], dtype: torch.dtype, name: str) -> Tensor:
    """Zeros to be filled, in memory or on disk."""
    return torch.from_numpy(room(shape, np.complex64 if dtype == torch.complex64 else np.float32, name))


def _mixed(matrix: Tensor, kspace: Tensor, name: str) -> Tensor:
    """The matrix applied to the coils of every slice."""
    target = _empty((len(kspace), len(matrix), *kspace.shape[2:]), torch.complex64, name)
    for k in range(len(kspace)):
        target[k] = mix(matrix, kspace[k : k + 1])[0]
    return target


def _calibration_mixed(found: KSpace, matrix: Tensor) -> KSpace:
    """The calibration lines with the matrix applied to their coils."""
    if found.calibration is None:
        return found
    return replace(found, calibration=mix(matrix, torch.from_numpy(found.calibration)).numpy())


def _inverse(maps: Tensor) -> Tensor:
    """1 / sqrt(sum |S_c|^2) of every pixel, 0 where the coils see nothing."""
    length = torch.stack([sensitivity(own).sqrt() for own in maps])
    seen = length > FAINT * length.max()
    return torch.where(seen, 1 / torch.where(seen, length, 1), 0)


def _estimate(found: KSpace, kspace: Tensor, mask: Tensor, name: str) -> tuple[Tensor, tuple[int, int]]:
    """Maps of every slice, zero where a slice holds no samples, and the smallest region they come from."""
    size, smallest = (kspace.shape[-2], kspace.shape[-1]), (10**6, 10**6)
    maps = _empty(tuple(kspace.shape), torch.complex64, name)
    for k in range(len(kspace)):
        if not bool(kspace[k].any()):
            continue
        if found.calibration is not None:
            lines = found.calibration[k % len(found.calibration)]
            own = corner(torch.from_numpy(lines))
            region = calibration_region(own.abs().amax(0) > 0)
        else:
            own, region = kspace[k], calibration_region(mask if mask.ndim == 2 else mask[k])
        require_region(region, name)
        maps[k] = espirit(centre(own, region), size)[0][0].to(maps.dtype)
        smallest = min(smallest, region, key=lambda r: r[0] * r[1])
    return maps, smallest


def corner(kspace: Tensor) -> Tensor:
    """K-space as files have it, brought to the inside convention: zero frequency at [0, 0], and a linear phase that
    moves the image's origin, which files have in the centre, there as well (shift theorem).
    """
    height, width = kspace.shape[-2:]
    ramps = [torch.exp(-2j * torch.pi * torch.fft.fftfreq(n, dtype=torch.float64) * (n // 2)) for n in (height, width)]
    moved = torch.fft.ifftshift(kspace, dim=(-2, -1)) * torch.outer(*ramps).to(torch.complex64)
    return moved.to(torch.complex64)


def read_maps(spec: str, coils: int, slices: int, size: tuple[int, int]) -> Tensor:
    """Coil maps of a file, (1 or slices, coils, height, width) complex64: (coils, h, w), one set for all slices, or
    (slices, coils, h, w). Of several ESPIRiT sets in a BART file the first is taken.

    Raises InputError where they do not belong to a scan of these coils, slices and size.
    """
    stored = read_array(spec, prefer=("maps", "sensitivities", "sens", "sens_maps", "coil_maps"))
    array, axes = stored.array, list(stored.axes)
    if "maps" in axes:
        array = array.take(0, axis=axes.index("maps"))
        axes.remove("maps")
    if "coil" in axes:
        array = np.moveaxis(array, axes.index("coil"), -3)
    expected = f"({coils}, {size[0]}, {size[1]})" + (f" or ({slices}, {coils}, ...)" if slices > 1 else "")
    whole = array.reshape(-1, *array.shape[-3:]) if array.ndim >= 3 else array[None, None]
    if array.dtype.kind != "c" or whole.shape[1:] != (coils, *size) or len(whole) not in (1, slices):
        raise InputError(
            f"{stored.name}: coil maps of this scan are complex, {expected}, found {array.dtype} of shape "
            f"{array.shape}; give the maps of the same scan, or leave --maps out to have them estimated."
        )
    check_finite(array, stored.name, "the maps")
    maps = torch.from_numpy(np.ascontiguousarray(whole, np.complex64))
    if not bool(maps.any()):
        raise InputError(f"{stored.name}: the coil maps are zero everywhere; give others, or leave --maps out.")
    return maps
