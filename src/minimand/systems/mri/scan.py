"""The main job on a file: k-space read, reconstructed and handed back as the file had it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from minimand.io import InputError, KSpace, Stored, read_images, read_kspace
from minimand.io.kspace import Drawn, coil_axis
from minimand.io.room import SHARE, disk, fits, memory, parts, room
from minimand.metrics import Scores, score
from minimand.reconstruction.memory import batch_length
from minimand.reconstruction.methods import Method
from minimand.reconstruction.reconstruct import Reconstructed, card_warnings, reconstruct
from minimand.systems.mri.coil_scan import MOST_COILS, corner, prepare
from minimand.systems.mri.kspace import data_term, is_real
from minimand.systems.mri.sampling import names_file, read_sampling
from minimand.systems.mri.scoring import require_window
from minimand.terms import LeastSquares

LARGEST = 1e30  # of k-space: sums over an image stay in single precision


@dataclass(frozen=True)
class Scan:
    """K-space of a file, inside convention.

    kspace: (slices, height, width) complex64, or (slices, coils, height, width) where there are maps, zero frequency
    at [0, 0], such that the plain inverse transform is the image as files show it; mask: (height, width) or one a
    slice; empty: slices without any sample, which stay zero; real: images without phase; maps: of the coils, (1 or
    slices, coils, height, width); gain: what images are multiplied by at the end, (1 or slices, height, width); notes:
    one line each, for the user.
    """

    kspace: Tensor
    mask: Tensor
    empty: Tensor
    real: bool
    source: Stored
    single: bool
    notes: list[str]
    maps: Tensor | None = None
    gain: Tensor | None = None

    @property
    def slices(self) -> int:
        """How many slices the file has."""
        return len(self.kspace)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.kspace.shape[-2], self.kspace.shape[-1]

    @property
    def coils(self) -> int:
        """How many coils the k-space has, virtual ones counted."""
        return 1 if self.maps is None else self.kspace.shape[1]

    @property
    def rate(self) -> float:
        """Share of k-space that was sampled."""
        return float(self.mask.double().mean())

    def data(self, which: Tensor, device: torch.device | str = "cpu") -> LeastSquares:
        """The data term of some slices (a number or a choice of each)."""
        mask = self.mask if self.mask.ndim == 2 else self.mask[which]
        maps = self.maps if self.maps is None or len(self.maps) == 1 else self.maps[which]
        maps = None if maps is None else maps.to(device)
        return data_term(self.kspace[which].to(device), mask.to(device), self.real, maps)

    def in_file_units(self, images: Tensor, which: Tensor) -> Tensor:
        """Images of some slices (a number or a choice of each), with the gain of the coils."""
        if self.gain is None:
            return images
        return images * self.gain[which if len(self.gain) > 1 else torch.zeros_like(which)]

    def data_of(self, k: int) -> LeastSquares:
        """The data term of slice k, a batch of one."""
        return self.data(torch.tensor([k]))

    def name(self, k: int) -> str:
        """Slice k as counted in the file."""
        if self.single:
            return self.source.path.name
        taken = self.source.taken if len(self.source.taken) == self.slices else range(self.slices)
        return f"slice {taken[k]}"


def read_scan(
    spec: str, mask: str | None, seed: int = 0, *, maps: str | None = None, most: int = MOST_COILS
) -> Scan:  # fmt: skip
    """K-space and mask of a file; mask: a file, a spec such as radial:0.2, or None. Raises InputError for bad input.

    maps: a file of coil maps; most: coils to compress to; both are for coil data.
    """
    drawn: str | Drawn | None = mask
    if mask is not None and not names_file(mask):
        draw = read_sampling(mask)
        drawn = lambda size: torch.fft.fftshift(draw(size, seed)).numpy()  # noqa: E731
    found = read_kspace(spec, drawn)
    name, measured = found.source.name, found.kspace
    if found.largest > LARGEST:
        raise InputError(f"{name}: k-space reaches {found.largest:.3g}; scale it down, to {LARGEST:g} at most.")
    notes = [*found.notes, *_elsewhere(found)]
    if found.coils == 1:
        measured = measured[:, 0]
        notes.append("there is one coil: treated as single-coil k-space")
    if maps is not None and measured.ndim == 3:
        raise InputError(f"--maps {maps}: is for data of several coils, {name} holds one; leave it out.")
    where = torch.fft.ifftshift(torch.from_numpy(found.mask), dim=(-2, -1))
    kspace = _sampled(measured, where, name)
    empty = torch.tensor([not bool(own.any()) for own in kspace])
    if bool(empty.all()):
        raise InputError(f"{name}: k-space is zero wherever the mask samples; give the mask it was measured with.")
    if measured.ndim == 4:
        ready = prepare(found, kspace, where, maps, most)
        notes = [*notes, *ready.notes]
        return Scan(ready.kspace, where, empty, False, found.source, found.single, notes, ready.maps, ready.gain)
    if real := is_real(kspace, where):
        notes.append("k-space is that of real images (no phase): the result is real")
    return Scan(kspace, where, empty, real, found.source, found.single, notes)


def _sampled(measured: np.ndarray, where: Tensor, name: str) -> Tensor:
    """K-space of a file in the inside convention, zero where it was not sampled."""
    kspace = torch.from_numpy(room(measured.shape, np.complex64, name))
    for part in parts(measured):
        own = where if where.ndim == 2 else where[part]
        own = own if measured.ndim == 3 or own.ndim == 2 else own[:, None]
        kspace[part] = torch.where(own, corner(torch.from_numpy(measured[part].astype(np.complex64))), 0)
    return kspace


def _elsewhere(found: KSpace) -> list[str]:
    """A note where the arrays of a scan lie on disk, with what it would take to have them in memory."""
    arrays = {"as it is stored": found.kspace.nbytes, "inside": found.kspace.size * 8}
    if found.coils is not None:
        arrays["maps"] = arrays["inside"]
    if fits(max(arrays.values())):
        return []
    whole, enough = sum(arrays.values()) / 2**30, SHARE * max(arrays.values()) / 2**30
    return [
        f"{found.source.name}: takes {whole:.2g} GiB in all, {memory() / 2**30:.2g} GiB of memory may be used: it lies "
        f"on disk ({disk()}) and is worked on slice by slice; --memory {enough:.2g} would keep it in memory"
    ]


def usual_method(scan: Scan) -> str:
    """What a scan is reconstructed by where no method is named."""
    if scan.maps is not None:
        return "sense-wavelet"
    return "admm-csnet" if scan.real else "admm-net"


def usual_weights(scan: Scan, method: str) -> str | None:
    """The network that ships for a scan where it is another than the usual one of a method: that for complex images,
    or for coil data; else None.
    """
    if scan.real or method != "admm-csnet":
        return None
    return "admm-csnet-cartesian" if scan.maps is None else "admm-csnet-coils"


def card_notes(scan: Scan, method: Method) -> list[str]:
    """Warnings where the scan lies outside the network's card."""
    return card_warnings(method, scan.size, scan.rate)


def reconstruct_scan(
    scan: Scan, method: Method, device: torch.device, show: Callable[[int], None] = lambda done: None
) -> Reconstructed:
    """All slices that hold samples; the others are zero. Raises ArithmeticError for a result that is not finite."""
    filled, images, seconds, done = (~scan.empty).nonzero().flatten(), None, 0.0, 0
    for which in filled.split(batch_length(method, scan.size, scan.coils, device)):
        found = reconstruct(scan.data(which, device), method)
        part = scan.in_file_units(found.images.cpu(), which)
        if not bool(torch.isfinite(part).all()):
            raise ArithmeticError(f"{scan.source.name}: {method.name} diverged; compare with --method tv.")
        if images is None:
            images = torch.from_numpy(room((scan.slices, *scan.size), part.numpy().dtype, scan.source.name))
        images[which] = part
        seconds, done = seconds + found.seconds * len(which), done + len(which)
        show(done)
    assert images is not None  # `read_scan` refuses scans that are empty
    return Reconstructed(images, seconds / done)


def to_file(scan: Scan, found: Reconstructed) -> np.ndarray:
    """The images in the file's layout, which `file_layout` describes."""
    images = found.images.numpy()
    return images[0] if scan.single else images.reshape(_without_coils(scan.source)[0])


def file_layout(scan: Scan) -> Stored:
    """What the images are like when they are written: the scan's file without its coils."""
    return replace(scan.source, axes=_without_coils(scan.source)[1])


def _without_coils(source: Stored) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Shape and axes of the images of a file."""
    shape, axes, coil = source.array.shape, source.axes, coil_axis(source)
    if coil is None:
        return shape, axes
    return shape[:coil] + shape[coil + 1 :], axes[:coil] + axes[coil + 1 :]


def read_truth(scan: Scan, spec: str) -> Tensor:
    """Reference images of the scan's size, (slices, height, width), in its order; zero where the scan is empty.

    Raises InputError where they do not belong to the scan or are too small to score.
    """
    images, expected = read_images(spec), scan.slices - int(scan.empty.sum())
    sizes = {a.shape for a in images.arrays}
    height, width = scan.size
    if len(images) != expected or sizes != {(height, width)}:
        found = ", ".join(f"{h} x {w}" for h, w in sorted(sizes))
        raise InputError(
            f"{spec}: the truth has {len(images)} image{'s' * (len(images) > 1)} of {found}, "
            f"the scan {expected} of {height} x {width}; they must agree."
        )
    require_window(spec, (height, width))
    full = torch.zeros(scan.slices, height, width, dtype=torch.complex128)
    full[~scan.empty] = torch.from_numpy(np.stack(images.arrays)).to(torch.complex128)
    return full if full.imag.any() else full.real


def score_scan(scan: Scan, found: Reconstructed, truth: Tensor) -> Scores:
    """Scores of every slice that holds samples, the maximum magnitude of its truth as the peak."""
    x, t = found.images[~scan.empty], truth[~scan.empty]
    return score(x, t, peak=t.abs().flatten(1).amax(1))
