"""The reports on reconstructions: pictures, scores and a look inside the network."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from minimand.io import atomic_writer, ensure_folder_for_report, write_text_atomic
from minimand.metrics import psnr, score
from minimand.reports.network import NetworkView
from minimand.reports.reconstruction import ImageReport, MethodScore, reconstruction_report
from minimand.reports.summary import summary_png
from minimand.systems.mri.admm_net import THRESHOLD
from minimand.systems.mri.compare import Compared
from minimand.systems.mri.methods import Method, trace_network, zero_filled
from minimand.systems.mri.reconstruct import Reconstructed, data_term
from minimand.systems.mri.scan import Scan
from minimand.terms import LeastSquares, PiecewiseLinear

SHOWN = 4


def write_comparison(
    folder: Path,
    title: str,
    names: Sequence[str],
    done: Compared,
    facts: Sequence[tuple[str, str]] = (),
    *,
    force: bool = False,
) -> Path:
    """index.html and summary.png in `folder`; the last network is shown at work on the first image pictured.

    names: of the images; facts: how the figures came about, beside what is known here.
    """
    facts, view, k = list(facts), None, min(spread(len(names), SHOWN))
    for method in (m for m in done.methods.values() if m.net is not None):
        data = data_term(done.kspaces[k][None], done.masks[k], not done.images[k].is_complex())
        view = network_view(method, data, names[k], done.images[k])
        facts.append((f"weights of {method.name}", str(method.card.get("name", "of a file"))))
    page = reconstruction_report(title, image_reports(names, done), facts=facts, network=view, shown=SHOWN)
    fullest = max(range(len(names)), key=lambda i: float(done.images[i].abs().mean()))
    picture = summary_png(image_reports(names, done, keep={fullest})[fullest])
    folder = ensure_folder_for_report(folder, force)
    with atomic_writer(folder / "summary.png", force) as file:
        file.write(picture)
    write_text_atomic(folder / "index.html", page, force)
    return folder / "index.html"


def image_reports(names: Sequence[str], done: Compared, keep: set[int] | None = None) -> list[ImageReport]:
    """What the report shows of every image; pictures of those in `keep` (without it, of a few evenly spread)."""
    kept = keep if keep is not None else spread(len(names), SHOWN)
    reports = []
    for k, name in enumerate(names):
        scores = {
            method: MethodScore(float(s.nmse[k]), float(s.psnr[k]), float(s.ssim[k]), done.seconds[method])
            for method, s in done.scores.items()
        }
        if k in kept:
            pictures = {method: found[k].cpu() for method, found in done.results.items()}
            mask = torch.fft.fftshift(done.masks[k]).cpu()
            reports.append(ImageReport(name, pictures, scores, done.images[k].cpu(), mask))
        else:
            reports.append(ImageReport(name, {}, scores))
    return reports


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
    data = data_term(scan.kspace[k : k + 1], scan.mask_of(k), scan.real)
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
    mask = scan.mask_of(k)
    results = {"zero-filled": zero_filled(data_term(scan.kspace[k : k + 1], mask, scan.real))[0]}
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
    plane = torch.fft.fftshift(mask if mask.ndim == 2 else mask[0])
    return ImageReport(scan.name(k), results, scores, reference, plane)


def _peak(x: Tensor, truth: Tensor | None) -> float:
    """The magnitude to show as 1: the largest of the truth, or of the image without one."""
    return float((x if truth is None else truth).abs().max()) or 1.0


def spread(count: int, most: int) -> set[int]:
    """Up to `most` places evenly spread over `count`, the ends left out where there are more."""
    return set(range(count)) if count <= most else {round((i + 0.5) * count / most - 0.5) for i in range(most)}


def network_view(
    method: Method, data: LeastSquares, image: str, truth: Tensor | None = None, *, peak: float = 1.0
) -> NetworkView | None:
    """The stages of a learned method on the first item of `data`, with the magnitude `peak` shown as 1; None for the
    other methods.
    """
    net = method.net
    if net is None:
        return None
    stages = torch.stack([x[0] for x in trace_network(net, data)]).cpu() / peak
    figures = None if truth is None else psnr(stages, (truth.cpu() / peak).expand_as(stages), peak=1.0).tolist()
    inside = net.look_inside()
    born = PiecewiseLinear(1, threshold=THRESHOLD, reach=float(inside.grid[-1])).values[0].detach()
    return NetworkView(
        method.name, image, stages, figures, inside.filters.cpu(), inside.grid.cpu(), inside.curves.cpu(), born
    )
