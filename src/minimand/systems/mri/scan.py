"""The main job on a file: k-space read, reconstructed and handed back as the file had it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from minimand.io import InputError, Stored, read_images, read_kspace
from minimand.metrics import Scores, score
from minimand.reconstruction.methods import Method
from minimand.reconstruction.reconstruct import Reconstructed, card_warnings, reconstruct
from minimand.systems.mri.kspace import data_term, is_real
from minimand.systems.mri.sampling import names_file, read_sampling
from minimand.systems.mri.scoring import require_window

LARGEST = 1e30  # of k-space: sums over an image stay in single precision


@dataclass(frozen=True)
class Scan:
    """K-space of a file, inside convention.

    kspace: (slices, height, width) complex64, zero frequency at [0, 0], such that the plain inverse transform is the
    image as files show it; mask: (height, width) or one a slice; empty: slices without any sample, which stay zero;
    real: images without phase; notes: one line each, for the user.
    """

    kspace: Tensor
    mask: Tensor
    empty: Tensor
    real: bool
    source: Stored
    single: bool
    notes: list[str]

    @property
    def slices(self) -> int:
        """How many slices the file has."""
        return len(self.kspace)

    @property
    def rate(self) -> float:
        """Share of k-space that was sampled."""
        return float(self.mask.double().mean())

    def mask_of(self, k: int) -> Tensor:
        """The mask of slice k, as an operator on a batch of one takes it."""
        return self.mask if self.mask.ndim == 2 else self.mask[k : k + 1]

    def name(self, k: int) -> str:
        """Slice k as counted in the file."""
        if self.single:
            return self.source.path.name
        taken = self.source.taken if len(self.source.taken) == self.slices else range(self.slices)
        return f"slice {taken[k]}"


def read_scan(spec: str, mask: str | None, seed: int = 0) -> Scan:
    """K-space and mask of a file; mask: a file, a spec such as radial:0.2, or None. Raises InputError for bad input."""
    drawn: str | np.ndarray | None = mask
    if mask is not None and not names_file(mask):
        draw = read_sampling(mask)
        height, width = read_kspace(spec).kspace.shape[-2:]
        drawn = torch.fft.fftshift(draw((height, width), seed)).numpy()
    found = read_kspace(spec, drawn)
    name = found.source.name
    if found.coils is not None:
        raise InputError(
            f"{name}: holds {found.coils} coils; only single-coil k-space is taken yet: "
            "combine the coils first, or export one."
        )
    if (largest := float(np.abs(found.kspace).max())) > LARGEST:
        raise InputError(f"{name}: k-space reaches {largest:.3g}; scale it down, to {LARGEST:g} at most.")
    kspace = torch.fft.ifftshift(torch.from_numpy(found.kspace.astype(np.complex64)), dim=(-2, -1))
    where = torch.fft.ifftshift(torch.from_numpy(found.mask), dim=(-2, -1))
    kspace = torch.where(where, _origin_to_corner(kspace), 0)
    empty = kspace.abs().flatten(1).amax(1) == 0
    if bool(empty.all()):
        raise InputError(f"{name}: k-space is zero wherever the mask samples; give the mask it was measured with.")
    notes = list(found.notes)
    if real := is_real(kspace, where):
        notes.append("k-space is that of real images (no phase): the result is real")
    return Scan(kspace, where, empty, real, found.source, found.single, notes)


def _origin_to_corner(kspace: Tensor) -> Tensor:
    """Move the image's origin, which files have in the centre, to [0, 0]: a linear phase (shift theorem)."""
    height, width = kspace.shape[-2:]
    ramps = [torch.exp(-2j * torch.pi * torch.fft.fftfreq(n, dtype=torch.float64) * (n // 2)) for n in (height, width)]
    return (kspace * torch.outer(*ramps)).to(kspace.dtype)


def card_notes(scan: Scan, method: Method) -> list[str]:
    """Warnings where the scan lies outside the network's card."""
    return card_warnings(method, (scan.kspace.shape[-2], scan.kspace.shape[-1]), scan.rate)


def reconstruct_scan(
    scan: Scan, method: Method, device: torch.device, show: Callable[[int], None] = lambda done: None
) -> Reconstructed:
    """All slices that hold samples; the others are zero. Raises ArithmeticError for a result that is not finite."""
    full = ~scan.empty
    mask = scan.mask if scan.mask.ndim == 2 else scan.mask[full]
    data = data_term(scan.kspace[full].to(device), mask.to(device), scan.real)
    found = reconstruct(data, method, show=show)
    images = torch.zeros(scan.kspace.shape, dtype=found.images.dtype)
    images[full] = found.images.cpu()
    if not bool(torch.isfinite(images).all()):
        raise ArithmeticError(f"{scan.source.name}: {method.name} diverged; compare with --method tv.")
    return replace(found, images=images)


def to_file(scan: Scan, found: Reconstructed) -> np.ndarray:
    """The images in the file's layout."""
    images = found.images.numpy()
    return images[0] if scan.single else images.reshape(scan.source.array.shape)


def read_truth(scan: Scan, spec: str) -> Tensor:
    """Reference images of the scan's size, (slices, height, width), in its order; zero where the scan is empty.

    Raises InputError where they do not belong to the scan or are too small to score.
    """
    images, expected = read_images(spec), scan.slices - int(scan.empty.sum())
    sizes = {a.shape for a in images.arrays}
    height, width = scan.kspace.shape[-2:]
    if len(images) != expected or sizes != {(height, width)}:
        found = ", ".join(f"{h} x {w}" for h, w in sorted(sizes))
        raise InputError(
            f"{spec}: the truth has {len(images)} image{'s' * (len(images) > 1)} of {found}, "
            f"the scan {expected} of {height} x {width}; they must agree."
        )
    require_window(spec, (height, width))
    full = torch.zeros(scan.kspace.shape, dtype=torch.complex128)
    full[~scan.empty] = torch.from_numpy(np.stack(images.arrays)).to(torch.complex128)
    return full if full.imag.any() else full.real


def score_scan(scan: Scan, found: Reconstructed, truth: Tensor) -> Scores:
    """Scores of every slice that holds samples, the maximum magnitude of its truth as the peak."""
    x, t = found.images[~scan.empty], truth[~scan.empty]
    return score(x, t, peak=t.abs().flatten(1).amax(1))
