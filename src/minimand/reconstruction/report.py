"""The report on a comparison: pictures, scores and a look inside the network."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from minimand.io import atomic_writer, ensure_folder_for_report, write_text_atomic
from minimand.metrics import psnr
from minimand.operator import Operator
from minimand.reconstruction.compare import Compared
from minimand.reconstruction.methods import Method, trace_network
from minimand.reports.network import NetworkView
from minimand.reports.reconstruction import ImageReport, MethodScore, reconstruction_report
from minimand.reports.summary import summary_png
from minimand.terms import LeastSquares

SHOWN = 4

Picture = Callable[[Operator], Tensor | None]  # of where an operator samples, (height, width), bool


def no_picture(A: Operator) -> None:
    """For operators whose sampling cannot be looked at."""
    return


def write_comparison(
    folder: Path,
    title: str,
    names: Sequence[str],
    done: Compared,
    facts: Sequence[tuple[str, str]] = (),
    *,
    picture: Picture = no_picture,
    force: bool = False,
) -> Path:
    """index.html and summary.png in `folder`; the last network is shown at work on the first image pictured.

    names: of the images; facts: how the figures came about, beside what is known here; picture: of the sampling.
    """
    facts, view, k = list(facts), None, min(spread(len(names), SHOWN))
    for method in (m for m in done.methods.values() if m.net is not None):
        view = network_view(method, done.data[k], names[k], done.images[k])
        facts.append((f"weights of {method.name}", str(method.card.get("name", "of a file"))))
    images = image_reports(names, done, picture)
    page = reconstruction_report(title, images, facts=facts, network=view, shown=SHOWN)
    fullest = max(range(len(names)), key=lambda i: float(done.images[i].abs().mean()))
    summary = summary_png(image_reports(names, done, picture, keep={fullest})[fullest])
    folder = ensure_folder_for_report(folder, force)
    with atomic_writer(folder / "summary.png", force) as file:
        file.write(summary)
    write_text_atomic(folder / "index.html", page, force)
    return folder / "index.html"


def image_reports(
    names: Sequence[str], done: Compared, picture: Picture = no_picture, keep: set[int] | None = None
) -> list[ImageReport]:
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
            reports.append(ImageReport(name, pictures, scores, done.images[k].cpu(), picture(done.data[k].A)))
        else:
            reports.append(ImageReport(name, {}, scores))
    return reports


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
    filters, grid, curves, born = (part.float().cpu() for part in inside[:4])
    return NetworkView(method.name, image, stages, figures, filters, grid, curves, born, inside.total)
