"""The main job on a file: k-space read, reconstructed and handed back as the file had it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from minimand.io import InputError, Stored, ensure_folder_for_report, read_images, read_kspace, write_text_atomic
from minimand.metrics import score
from minimand.operators.sampling import KINDS, parse_mask
from minimand.reports.reconstruction import ImageReport, MethodScore, reconstruction_report
from minimand.systems.mri.methods import Method, get_method, require_known, zero_filled
from minimand.systems.mri.reconstruct import Reconstructed, card_warnings, data_term, is_real, reconstruct
from minimand.systems.mri.report import SHOWN, network_view, spread


@dataclass(frozen=True)
class Scan:
    """K-space of a file, inside convention. kspace: (slices, height, width) complex64, zero frequency at [0, 0], such
    that the plain inverse transform is the image as files show it; mask: (height, width) or one a slice; empty:
    slices without any sample, which stay zero; real: images without phase.
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


@dataclass(frozen=True)
class Chosen:
    """A method and what to say of it for the scan at hand."""

    method: Method
    notes: list[str]


def read_scan(spec: str, mask: str | None, seed: int = 0) -> Scan:
    """K-space and mask of a file; mask: a file, a spec such as radial:0.2, or None. Raises InputError for bad input."""
    drawn: str | np.ndarray | None = mask
    if mask is not None and (mask.partition(":")[0] in KINDS or not Path(mask.partition(":")[0]).suffix):
        size = read_kspace(spec).kspace.shape[-2:]
        drawn = torch.fft.fftshift(parse_mask(mask, (size[0], size[1]), seed=seed)).numpy()
    found = read_kspace(spec, drawn)
    if found.coils is not None:
        raise InputError(
            f"{found.source.name}: holds {found.coils} coils; only single-coil k-space is taken yet: "
            "combine the coils first, or export one."
        )
    kspace = _origin_to_corner(torch.fft.ifftshift(torch.from_numpy(found.kspace.astype(np.complex64)), dim=(-2, -1)))
    where = torch.fft.ifftshift(torch.from_numpy(found.mask), dim=(-2, -1))
    kspace = torch.where(where, kspace, 0)
    empty = kspace.abs().flatten(1).amax(1) == 0
    real = is_real(kspace, where)
    notes = list(found.notes)
    if real:
        notes.append("k-space is that of real images (no phase): the result is real")
    return Scan(kspace, where, empty, real, found.source, found.single, notes)


def _origin_to_corner(kspace: Tensor) -> Tensor:
    """Move the image's origin, which files have in the centre, to [0, 0]: a linear phase (shift theorem)."""
    height, width = kspace.shape[-2:]
    ramps = [torch.exp(-2j * torch.pi * torch.fft.fftfreq(n, dtype=torch.float64) * (n // 2)) for n in (height, width)]
    return (kspace * torch.outer(*ramps)).to(kspace.dtype)


def choose_method(scan: Scan, name: str, weights: str | None, device: torch.device) -> Chosen:
    """The method of a name, with warnings where the scan lies outside the network's card."""
    require_known(name)
    method = get_method(name, weights=weights, device=device)
    if weights and method.net is None:
        raise InputError(f"--weights {weights}: {name} has none to take; use --method admm-net.")
    size, rate = (scan.kspace.shape[-2], scan.kspace.shape[-1]), float(scan.mask.double().mean())
    return Chosen(method, card_warnings(method, size, rate))


def reconstruct_scan(
    scan: Scan, method: Method, device: torch.device, show: Callable[[int], None] = lambda done: None
) -> Reconstructed:
    """All slices that hold samples; the others are zero."""
    full = ~scan.empty
    mask = scan.mask if scan.mask.ndim == 2 else scan.mask[full]
    found = reconstruct(scan.kspace[full].to(device), mask.to(device), method, real=scan.real, show=show)
    images = torch.zeros(scan.kspace.shape, dtype=found.images.dtype)
    images[full] = found.images.cpu()
    return replace(found, images=images)


def to_file(scan: Scan, found: Reconstructed) -> np.ndarray:
    """The images in the file's layout."""
    images = found.images.numpy()
    if scan.single:
        return images[0]
    return images.reshape(scan.source.array.shape)


def read_truth(scan: Scan, spec: str) -> Tensor:
    """Reference images of the scan's size, (slices, height, width), in its order. Raises InputError otherwise."""
    images, expected = read_images(spec), scan.slices - int(scan.empty.sum())
    height, width = images.arrays[0].shape
    if len(images) != expected or (height, width) != scan.kspace.shape[-2:]:
        raise InputError(
            f"{spec}: {len(images)} images of {height} x {width}; the scan has {expected} slices of "
            f"{scan.kspace.shape[-2]} x {scan.kspace.shape[-1]}."
        )
    full = torch.zeros(scan.kspace.shape, dtype=torch.complex128)
    full[~scan.empty] = torch.from_numpy(np.stack(images.arrays)).to(torch.complex128)
    return full if full.imag.any() else full.real


def write_report(
    folder: Path, scan: Scan, method: Method, found: Reconstructed, truth: Tensor | None, *, force: bool
) -> Path:
    """index.html in `folder`: zero-filled and reconstructed slices, scores where the truth is known, the network
    inside.
    """
    filled = [k for k in range(scan.slices) if not scan.empty[k]]
    shown = {filled[k] for k in spread(len(filled), SHOWN)}
    first = min(shown)
    peak = float(found.images.abs().max() if truth is None else truth.abs().max()) or 1.0
    images = []
    for k in filled:
        images.append(_image_report(scan, method, found, truth, k, k in shown, peak))
    mask = scan.mask if scan.mask.ndim == 2 else scan.mask[first : first + 1]
    reference = None if truth is None else truth[first] / peak
    data = data_term(scan.kspace[first : first + 1] / peak, mask, scan.real)
    on_cpu = replace(method, net=None if method.net is None else method.net.cpu())
    view = network_view(on_cpu, data, f"slice {first}", reference)
    facts = [
        ("scan", scan.source.path.name),
        ("method", method.name),
        ("weights", str(method.card.get("name", "none"))),
    ]
    page = reconstruction_report(f"Reconstruction of {scan.source.path.name}", images, facts=facts, network=view)
    path = ensure_folder_for_report(folder, force) / "index.html"
    write_text_atomic(path, page, force)
    return path


def _image_report(
    scan: Scan, method: Method, found: Reconstructed, truth: Tensor | None, k: int, pictured: bool, peak: float
) -> ImageReport:
    mask = scan.mask if scan.mask.ndim == 2 else scan.mask[k : k + 1]
    start = zero_filled(data_term(scan.kspace[k : k + 1], mask, scan.real))[0]
    results = {"zero-filled": start, method.name: found.images[k]}
    results = {name: x / peak for name, x in results.items()}
    scores = {name: MethodScore(seconds=found.seconds) for name in results if name == method.name}
    reference = None
    if truth is not None:
        reference = truth[k] / peak
        for name, x in results.items():
            figures = score(x[None], reference[None], peak=1.0)
            time = found.seconds if name == method.name else float("nan")
            scores[name] = MethodScore(float(figures.nmse), float(figures.psnr), float(figures.ssim), time)
    plane = torch.fft.fftshift(mask if mask.ndim == 2 else mask[0])
    name = f"slice {k}"
    return ImageReport(
        name, results if pictured else {}, scores, reference if pictured else None, plane if pictured else None
    )
