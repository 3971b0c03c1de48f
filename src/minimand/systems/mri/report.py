"""The report on the reconstruction of a scan."""

import math
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from minimand.io import ensure_folder_for_report, write_text_atomic
from minimand.metrics import score
from minimand.operator import Operator
from minimand.reconstruction.methods import Method, zero_filled
from minimand.reconstruction.reconstruct import Reconstructed
from minimand.reconstruction.report import SHOWN, network_view, spread
from minimand.reports.reconstruction import ImageReport, MethodScore, reconstruction_report
from minimand.systems.mri.scan import Scan


def sampling_picture(A: Operator) -> Tensor | None:
    """Where an operator samples k-space, (height, width), zero frequency in the centre (of its first item)."""
    mask = getattr(A, "mask", None)
    return None if mask is None else torch.fft.fftshift(mask if mask.ndim == 2 else mask[0]).cpu()


def write_reconstruction(
    folder: Path,
    scan: Scan,
    method: Method,
    found: Reconstructed,
    truth: Tensor | None = None,
    *,
    weights: str | None = None,
    force: bool = False,
) -> Path:
    """index.html in `folder`: zero-filled and reconstructed slices, scores where the truth is known, the network
    inside. weights: as they were asked for.
    """
    filled = [k for k in range(scan.slices) if not scan.empty[k]]
    shown = {filled[i] for i in spread(len(filled), SHOWN)}
    images = [_slice_report(scan, method, found, truth, k, k in shown) for k in filled]
    k = min(shown)
    facts = [("scan", scan.source.path.name), ("sampled", f"{scan.rate:.1%} of k-space"), ("method", method.name)]
    if truth is None:
        facts.append(("time", f"{found.seconds:.3f} s per slice"))
    if method.net is not None:
        facts.append(("weights", Path(weights).name if weights else str(method.card.get("name"))))
    on_cpu = replace(method, net=None if method.net is None else method.net.cpu())
    data = scan.data_of(k)
    reference = None if truth is None else truth[k]
    view = network_view(on_cpu, data, scan.name(k), reference, peak=_peak(found.images[k], reference))
    title = f"Reconstruction of {scan.source.path.name}"
    page = reconstruction_report(title, images, facts=facts, network=view, shown=SHOWN)
    folder = ensure_folder_for_report(folder, force)
    write_text_atomic(folder / "index.html", page, force)
    return folder / "index.html"


def _slice_report(
    scan: Scan, method: Method, found: Reconstructed, truth: Tensor | None, k: int, pictured: bool
) -> ImageReport:
    """Slice k, scaled so that the largest magnitude (of its truth, or of the result without one) is 1."""
    data = scan.data_of(k)
    results = {"zero-filled": scan.in_file_units(zero_filled(data)[0], torch.tensor(k))}
    results[method.name] = found.images[k]
    reference = None if truth is None else truth[k]
    peak = _peak(found.images[k], reference)
    results = {name: x / peak for name, x in results.items()}
    scores = {}
    if reference is not None:
        reference = reference / peak
        for name, x in results.items():
            s = score(x[None], reference[None], peak=1.0)
            time = found.seconds if name == method.name else math.nan
            scores[name] = MethodScore(float(s.nmse), float(s.psnr), float(s.ssim), time)
    if not pictured:
        return ImageReport(scan.name(k), {}, scores)
    return ImageReport(scan.name(k), results, scores, reference, sampling_picture(data.A))


def _peak(x: Tensor, truth: Tensor | None) -> float:
    """The magnitude to show as 1: the largest of the truth, or of the image without one."""
    return float((x if truth is None else truth).abs().max()) or 1.0
