"""The search for the numbers of a classical method on training images: golden sections, one parameter at a time.

Every parameter is searched on a logarithmic scale between its bounds, the others held, in the order in which they are
listed; the goal is the mean PSNR. A setting that was tried before is not tried again.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from minimand.io import InputError
from minimand.metrics import psnr
from minimand.reconstruction.classical.bm3d_mri import bm3d_mri
from minimand.reconstruction.classical.energies import recpf, sidwt, tv
from minimand.reconstruction.classical.nlr_cs import nlr_cs
from minimand.reconstruction.classical.sparse_patches import fdlcp, pano, pbdw
from minimand.reconstruction.classical.tval3 import tval3
from minimand.reconstruction.sensed_tv import sensed_total_variation
from minimand.terms import LeastSquares

GOLDEN = (5**0.5 - 1) / 2
Settings = dict[str, float]


class Parameter(NamedTuple):
    """A number of a method and the bounds between which it is searched."""

    name: str
    low: float
    high: float


@dataclass(frozen=True)
class Tunable:
    """A method with numbers to choose: `run(data, **settings)` gives the image."""

    run: Callable[..., Tensor]
    parameters: tuple[Parameter, ...]


class Trial(NamedTuple):
    """Settings and the mean PSNR that they reach."""

    settings: Settings
    psnr: float


KSPACE: dict[str, Tunable] = {
    "tv": Tunable(tv, (Parameter("weight", 1e-4, 1e-2),)),
    "recpf": Tunable(recpf, (Parameter("weight", 1e-4, 1e-2), Parameter("wavelet", 1e-5, 5e-3))),
    "sidwt": Tunable(sidwt, (Parameter("weight", 2e-5, 2e-3),)),
    "pbdw": Tunable(pbdw, (Parameter("weight", 3e-4, 2e-2),)),
    "pano": Tunable(pano, (Parameter("weight", 3e-4, 2e-2),)),
    "fdlcp": Tunable(fdlcp, (Parameter("weight", 3e-4, 2e-2), Parameter("threshold", 5e-3, 0.2))),
    "bm3d-mri": Tunable(bm3d_mri, (Parameter("first", 0.02, 0.3), Parameter("last", 1e-3, 0.03))),
}
COMPRESSIVE: dict[str, Tunable] = {
    "tv": Tunable(sensed_total_variation, (Parameter("weight", 1e-5, 3e-3),)),
    "tval3": Tunable(tval3, (Parameter("beta", 8, 128), Parameter("mu", 32, 4096))),
    "nlr-cs": Tunable(nlr_cs, (Parameter("weight", 1e-5, 1e-3),)),
}


def tunable(method: str, kinds: Mapping[str, Tunable]) -> Tunable:
    """The method of a name. Raises InputError where it has nothing to search for these measurements."""
    if method not in kinds:
        raise InputError(f"{method}: there is nothing to tune for these measurements; methods: {', '.join(kinds)}.")
    return kinds[method]


def mean_psnr(method: Tunable, settings: Settings, pairs: Sequence[tuple[Tensor, LeastSquares]]) -> float:
    """Mean PSNR (peak 1) over images and what was measured of them, each (batch, height, width)."""
    found = [psnr(method.run(data, **settings), images, peak=1.0) for images, data in pairs]
    return float(torch.cat(found).mean())


def search(
    evaluate: Callable[[Settings], float],
    parameters: Sequence[Parameter],
    *,
    evaluations: int = 8,
    known: Sequence[Trial] = (),
    show: Callable[[Trial], None] = lambda trial: None,
) -> list[Trial]:
    """All trials, the best first: `evaluations` of each parameter in turn.

    evaluate: settings -> mean PSNR; known: trials of an earlier search that need not be repeated; show: told every new
    trial. Others than the one that is searched start in the middle of their bounds.
    """
    trials = {_key(t.settings): t for t in known}

    def score(settings: Settings, name: str, log: float) -> float:
        tried = {**settings, name: _three_digits(math.exp(log))}
        if _key(tried) not in trials:
            trials[_key(tried)] = Trial(tried, evaluate(tried))
            show(trials[_key(tried)])
        return trials[_key(tried)].psnr

    best = {p.name: _three_digits((p.low * p.high) ** 0.5) for p in parameters}
    for p in parameters:
        found = golden_section(partial(score, best, p.name), math.log(p.low), math.log(p.high), evaluations)
        best = {**best, p.name: _three_digits(math.exp(found))}
    return sorted(trials.values(), key=lambda t: -t.psnr)


def golden_section(f: Callable[[float], float], low: float, high: float, evaluations: int) -> float:
    """Where f is largest between two bounds, for an f with one maximum; the best place that was looked at.

    Every evaluation after the second shrinks the bounds by 0.618. Source: Kiefer (1953).
    """
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    seen = {left: f(left), right: f(right)}
    for _ in range(evaluations - 2):
        if seen[left] >= seen[right]:
            high, right = right, left
            left = high - GOLDEN * (high - low)
            seen[left] = f(left)
        else:
            low, left = left, right
            right = low + GOLDEN * (high - low)
            seen[right] = f(right)
    return max(seen, key=lambda x: seen[x])


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")


def _key(settings: Settings) -> tuple[Any, ...]:
    return tuple(sorted(settings.items()))
