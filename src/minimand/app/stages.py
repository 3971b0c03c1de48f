"""A network at work on one image, stage by stage, for the page."""

from typing import Any

import torch
from torch import Tensor

from minimand.app.out import Out
from minimand.metrics import psnr
from minimand.reconstruction.methods import Method, trace_network
from minimand.terms import LeastSquares

DIGITS = 5


def stages(method: Method, data: LeastSquares, truth: Tensor | None, out: Out) -> str:
    """A file that tells of every stage the image, ||A x - y|| / ||y||, PSNR where the truth is known, filters and
    curves. Stage 0 is the zero-filled image.
    """
    net: Any = method.net
    trace = trace_network(net, data)
    images = torch.cat(trace)
    file, low, high = out.levels(images.abs().double().cpu().numpy())
    size = float(data.y.abs().double().norm())
    residuals = [float((data.A(x) - data.y).abs().double().norm()) / size for x in trace]
    inside = net.look_inside()
    grid, born = (_rounded(part) for part in (inside.grid, inside.born))
    found = {
        "method": method.name,
        "weights": str(method.card.get("name", "")),
        "summary": str(method.card.get("summary", "")),
        "file": file,
        "low": low,
        "high": high,
        "count": len(trace),
        "height": images.shape[-2],
        "width": images.shape[-1],
        "psnr": None if truth is None else psnr(images, truth.expand_as(images), peak=1.0).tolist(),
        "residual": residuals,
        "filters": _rounded(inside.filters),
        "grid": grid,
        "born": born,
        "curves": _rounded(inside.curves),
        "total": inside.total,
    }
    return out.json(found)


def _rounded(values: Tensor) -> Any:
    return torch.round(values.double().cpu(), decimals=DIGITS).tolist()
