"""The report on reconstructions: pictures, scores and a look inside the network."""

from collections.abc import Sequence

import torch
from torch import Tensor

from minimand.metrics import psnr
from minimand.reports.network import NetworkView
from minimand.reports.reconstruction import ImageReport, MethodScore, reconstruction_report
from minimand.reports.summary import summary_png
from minimand.systems.mri.admm_net import THRESHOLD
from minimand.systems.mri.compare import Compared
from minimand.systems.mri.methods import Method, zero_filled
from minimand.terms import LeastSquares, PiecewiseLinear

SHOWN = 4


def comparison_report(
    title: str, names: Sequence[str], compared: Compared, facts: Sequence[tuple[str, str]], view: NetworkView | None
) -> str:
    """One HTML page on a comparison."""
    return reconstruction_report(title, image_reports(names, compared), facts=facts, network=view, shown=SHOWN)


def comparison_picture(names: Sequence[str], compared: Compared, which: int) -> bytes:
    """PNG of one image: truth and every method, error maps below."""
    return summary_png(image_reports(names, compared, keep={which})[which])


def image_reports(names: Sequence[str], compared: Compared, keep: set[int] | None = None) -> list[ImageReport]:
    """What the report shows of every image; pictures of those in `keep` (the middle ones of the list where None)."""
    kept = keep if keep is not None else spread(len(names), SHOWN)
    reports = []
    for k, name in enumerate(names):
        scores = {
            method: MethodScore(float(s.nmse[k]), float(s.psnr[k]), float(s.ssim[k]), compared.seconds[method])
            for method, s in compared.scores.items()
        }
        pictures = {method: found[k].cpu() for method, found in compared.results.items()} if k in kept else {}
        truth, mask = (
            (compared.images[k].cpu(), torch.fft.fftshift(compared.masks[k]).cpu()) if k in kept else (None, None)
        )
        reports.append(ImageReport(name, pictures, scores, truth, mask))
    return reports


def spread(count: int, most: int) -> set[int]:
    """Up to `most` places evenly spread over `count`, the ends left out where there are more."""
    return set(range(count)) if count <= most else {round((i + 0.5) * count / most - 0.5) for i in range(most)}


def network_view(method: Method, data: LeastSquares, image: str, truth: Tensor | None = None) -> NetworkView | None:
    """The stages of a learned method on the first item of `data`; None for the other methods."""
    net = method.net
    if net is None:
        return None
    with torch.no_grad():
        stages = torch.stack([zero_filled(data)[0], *(x[0] for x in net.trace(data))]).cpu()
    figures = (
        None if truth is None else psnr(stages, truth.cpu().expand_as(stages), peak=float(truth.abs().max())).tolist()
    )
    inside = net.look_inside()
    born = PiecewiseLinear(1, threshold=THRESHOLD, reach=float(inside.grid[-1])).values[0].detach()
    return NetworkView(
        method.name, image, stages, figures, inside.filters.cpu(), inside.grid.cpu(), inside.curves.cpu(), born
    )
