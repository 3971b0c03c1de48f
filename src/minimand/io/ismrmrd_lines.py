"""Lines of ISMRMRD raw data put in their places: a grid of k-space, images, and where they lie."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import InputError
from .ismrmrd_header import Header
from .limits import check_size
from .stored import Geometry

COUNTERS = ("repetition", "set", "phase", "contrast", "slice")  # what counts images, the slowest first


@dataclass(frozen=True)
class Places:
    """Where each acquisition lies, (acquisitions,) each; -1: nowhere.

    image, slice: of how many there are; y, z: line on the grid; first: grid position of the first sample; low, high:
    samples that count; turned: whether the samples run backwards. partial: whether an echo misses part of the readout.
    """

    image: np.ndarray
    slice: np.ndarray
    y: np.ndarray
    z: np.ndarray
    first: np.ndarray
    low: np.ndarray
    high: np.ndarray
    turned: np.ndarray
    images: int
    slices: int
    repetitions: int
    partial: bool


def place(path: Path, heads: np.ndarray, image: np.ndarray, header: Header, *, averaged: bool) -> Places:
    """The places of all acquisitions; image: which belong to the image. averaged: repetitions fall onto one another.

    Raises InputError for a line outside the encoded matrix.
    """
    idx, flags = heads["idx"], heads["flags"].astype(np.uint64)
    number, total, counts = np.zeros(len(heads), np.int64), 1, {}
    for name in COUNTERS:
        own = idx[name] if name in (idx.dtype.names or ()) else np.zeros(len(heads), np.uint16)
        values = np.unique(own[image])
        counts[name] = len(values)
        if name == "repetition" and averaged:
            continue
        found = np.searchsorted(values, own).clip(0, len(values) - 1)
        number, total = number * len(values) + np.where(values[found] == own, found, 0), total * len(values)
    slices = number % counts["slice"]
    turned = (flags & np.uint64(1 << 21)) != 0
    samples = heads["number_of_samples"].astype(np.int64)
    low, high = _field(heads, "discard_pre"), samples - _field(heads, "discard_post")
    low, high = np.where(turned, samples - high, low), np.where(turned, samples - low, high)
    middle = heads["center_sample"].astype(np.int64)
    width = header.encoded[0]
    middle = np.where(turned, samples - 1 - middle, middle)
    full = samples == width  # some converters leave the centre of a full readout at 0, others count it from the end
    middle = np.where(full & ((heads["center_sample"] == 0) | (abs(middle - width // 2) <= 1)), width // 2, middle)
    first = width // 2 - middle
    y, z = (
        idx[f"kspace_encode_step_{k + 1}"].astype(np.int64) - header.centres[k] + header.encoded[k + 1] // 2
        for k in (0, 1)
    )
    for name, at, last in [("y", y, header.encoded[1]), ("z", z, header.encoded[2])]:
        bad = image & ((at < 0) | (at >= last))
        if bad.any():
            raise InputError(
                f"{path}: line {int(at[bad][0])} along {name} lies outside the encoded matrix of {last}; its header or "
                "its counters are wrong."
            )
    bad = image & ((first + low < 0) | (first + high > width) | (low >= high))
    if bad.any():
        i = int(bad.argmax())
        raise InputError(
            f"{path}: a readout of {int(heads['number_of_samples'][i])} samples with its centre at "
            f"{int(heads['center_sample'][i])} does not fit into the encoded matrix of {width}; its header is wrong."
        )
    partial = bool((image & ((first + low > 0) | (first + high < width))).any())
    return Places(
        number, slices, y, z, first, low, high, turned, total, counts["slice"], counts["repetition"], partial
    )  # fmt: skip


def _field(heads: np.ndarray, name: str) -> np.ndarray:
    """A number of every head that older files lack, 0 there."""
    return heads[name].astype(np.int64) if name in (heads.dtype.names or ()) else np.zeros(len(heads), np.int64)


class Grid:
    """K-space that is filled line by line; where several lines meet, their mean.

    total: (images, coils, z, y, x) complex64; count: lines at every point, (images, z, y, x).
    """

    def __init__(self, images: int, coils: int, header: Header):
        x, y, z = header.readout, header.encoded[1], header.encoded[2]
        check_size(Path("ISMRMRD"), "k-space", (images, coils, z, y, x), 8)
        self.total = np.zeros((images, coils, z, y, x), np.complex64)
        self.count = np.zeros((images, z, y, x), np.uint16)
        self.encoded = header.encoded[0]

    def add(self, places: Places, i: int, samples: np.ndarray, *, by_slice: bool = False) -> None:
        """Add the samples (coils, samples) of acquisition i to its image, or to its slice."""
        n = places.slice[i] if by_slice else places.image[i]
        z, y = places.z[i], places.y[i]
        if not (0 <= z < self.total.shape[2] and 0 <= y < self.total.shape[3]):
            return  # calibration beyond the image
        if places.turned[i]:
            samples = samples[:, ::-1]
        first, low, high = int(places.first[i]), int(places.low[i]), int(places.high[i])
        low, high = max(low, -first), min(high, self.encoded - first)
        if low >= high:
            return
        line = np.zeros((len(samples), self.encoded), np.complex64)
        line[:, first + low : first + high] = samples[:, low:high]
        width = self.total.shape[-1]
        where = np.arange(width)
        if width < self.encoded:
            line = _narrowed(line, width)
            where = np.round((where - width // 2) * (self.encoded / width)).astype(int) + self.encoded // 2
        self.total[n, :, z, y] += line
        self.count[n, z, y] += (where >= first + low) & (where < first + high)


def _narrowed(line: np.ndarray, width: int) -> np.ndarray:
    """Lines of a field of view cut to its middle `width` points, unitary scaling kept per pixel."""
    image = np.fft.fftshift(np.fft.ifft(np.fft.ifftshift(line, axes=-1), norm="ortho"), axes=-1)
    start = line.shape[-1] // 2 - width // 2
    image = image[..., start : start + width]
    return np.fft.fftshift(np.fft.fft(np.fft.ifftshift(image, axes=-1), norm="ortho"), axes=-1)


def images_of(grid: Grid, header: Header, along: str = "") -> tuple[np.ndarray, np.ndarray, str]:
    """K-space (images, coils, h, w), its mask (h, w) or (images, h, w), and which axis became slices: "", z or x.

    along: the axis, for a grid that belongs to another; found where empty.
    """
    sampled = grid.count > 0
    mean = np.where(sampled[:, None], grid.total / np.maximum(grid.count, 1)[:, None], 0)
    kspace: np.ndarray = mean.astype(np.complex64)
    images, coils, depth, height, width = kspace.shape
    if depth == 1:
        kspace, mask, along = kspace[:, :, 0], sampled[:, 0], ""
    else:
        whole = bool((sampled.all(axis=1) == sampled.any(axis=1)).all())
        along = along or ("z" if whole else "x")
        axis = 2 if along == "z" else 4
        image = np.fft.ifft(np.fft.ifftshift(kspace, axes=axis), axis=axis, norm="ortho")
        kspace = np.fft.fftshift(image, axes=axis).astype(np.complex64)
        if along == "z":
            kspace = np.moveaxis(kspace, 2, 1).reshape(images * depth, coils, height, width)
            mask = np.repeat(sampled.any(axis=1), depth, axis=0)
        else:
            kspace = np.transpose(kspace, (0, 4, 1, 3, 2)).reshape(images * width, coils, height, depth)
            mask = np.repeat(np.swapaxes(sampled.any(axis=3), 1, 2), width, axis=0)
    return kspace, mask[0] if (mask == mask[:1]).all() else mask, along


def geometry_of(heads: np.ndarray, header: Header, along: str) -> Geometry | None:
    """Where the images lie, from the directions of the first line and the positions of the slices; None: not told.

    ISMRMRD counts millimetres to the left, back and head, as DICOM does; here they count to the right and front.
    """
    names = ("position", "read_dir", "phase_dir", "slice_dir")
    if not set(names) <= set(heads.dtype.names or ()):
        return None
    position, x, y, z = (heads[name][0].astype(np.float64) for name in names)
    if not all(np.isfinite(v).all() for v in (position, x, y, z)) or abs(np.linalg.det([x, y, z])) < 0.5:
        return None
    pixel = (header.encoded_mm[0] * header.readout / header.encoded[0]) / header.readout
    steps = [x * pixel, y * header.encoded_mm[1] / header.encoded[1], z * header.encoded_mm[2] / header.encoded[2]]
    counts = [header.readout, header.encoded[1], header.encoded[2]]
    if not along:
        numbers = heads["idx"]["slice"].astype(int)
        low, high = int(numbers.argmin()), int(numbers.argmax())
        position = heads["position"][low].astype(np.float64)
        if numbers[high] > numbers[low]:
            steps[2] = (heads["position"][high] - position) / (numbers[high] - numbers[low])
    order = [1, 2, 0] if along == "x" else [1, 0, 2]  # rows, columns, slices among x, y, z
    affine = np.eye(4)
    affine[:3, :3] = np.stack([steps[i] for i in order], axis=1)
    centred = sum((steps[i] * (counts[i] // 2) for i in range(3 if along else 2)), start=np.zeros(3))
    affine[:3, 3] = position - centred
    affine[:2] *= -1
    spacing = tuple(float(np.linalg.norm(affine[:3, i])) for i in range(3))
    return Geometry(affine, spacing) if min(spacing) > 0 else None
