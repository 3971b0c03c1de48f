"""The tables of restoration; that of denoising: ours on 48 pictures of BSD68 beside the published figures on all 68."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from minimand.reconstruction.denoisers import NETWORKS, Denoise, noise_of
from minimand.systems.restoration.measuring import measured, noise_of_picture, pictures_to_measure
from minimand.systems.restoration.methods import CLASSICAL, get_method
from minimand.systems.restoration.restored import restored
from minimand.weights import cards_of, research, shipped

TABLES = ("denoising", "restoration")
LEVELS = (15.0, 25.0, 50.0)
PUBLISHED = {  # PSNR in dB at each level, without clipping or rounding
    "bm3d": (31.08, 28.57, 25.62),
    "dictionary": (30.87, 28.28, 25.17),
    "foe": (31.42, 28.92, 25.97),
    "dncnn": (31.73, 29.23, 26.23),
}
SOURCE = "all 68 pictures; K-SVD as dictionary, TNRD 7x7 as foe, DnCNN-S as dncnn (Putzky, Welling 2017; Zhang 2017)"
SLOW = "minutes a picture: minimand denoise --method dictionary"


def restoration_table(
    table: str, data: Path, show: Callable[[str, int, int], None], images: int | None = None
) -> dict[str, Any]:
    """The table of that name."""
    return denoising(data, show, images=images) if table == "denoising" else restored(data, show, images)


def denoising(
    data: Path,
    show: Callable[[str, int, int], None] = lambda label, k, n: None,
    levels: Sequence[float] = LEVELS,
    images: int | None = None,
) -> dict[str, Any]:
    """Total variation, BM3D and every denoising network at hand at noise 15, 25 and 50 of 255, one row each.

    Picture k of the sorted list has `default_rng(k).normal(0, sigma)` added, neither clipped nor rounded; a network is
    listed at the levels that it learned. data: the folder that holds images/; show: told which row runs, its number and
    how many there are; levels: of the noise; images: only so many. Raises InputError where the pictures are not there.
    """
    clean = pictures_to_measure(data, images)
    runs = [(level, *rival) for level in levels for rival in _rivals(level)]
    rows = []
    for k, (level, label, kind, run) in enumerate(runs, 1):
        show(f"{label} at noise {level:g}", k, len(runs))
        published = dict(zip(LEVELS, PUBLISHED.get(kind, ()))).get(level)
        row = {
            "method": f"{label}, noise {level:g}",
            "sigma": level,
            "published": {"psnr": published} if published else {},
        }
        rows.append({**row, **({"unavailable": SLOW} if run is None else _measured(run, clean, level))})
    return {
        "table": "denoising", "source": SOURCE, "sampling": "Gaussian noise, peak 255",
        "on": f"{len(clean)} pictures of bsd68_dev", "rows": rows,
    }  # fmt: skip


def _rivals(level: float) -> list[tuple[str, str, Denoise | None]]:
    """Label, kind and denoiser of every row at a level."""
    rivals: list[tuple[str, str, Denoise | None]] = [("noisy", "noisy", lambda x, sigma: x)]
    rivals += [(name, name, None if name == "dictionary" else CLASSICAL[name]) for name in ("tv", "dictionary", "bm3d")]
    for files, where in ((shipped(), ""), (research(), " (research)")):
        for name, card in cards_of(files).items():
            if card.get("network") in NETWORKS and noise_of(card)[0] <= level <= noise_of(card)[1]:
                run = get_method(card["network"], level, str(files[name])).run
                rivals.append((name + where, card["network"], run))
    return rivals


def _measured(run: Denoise, clean: list[Tensor], level: float) -> dict[str, Any]:
    sigma = torch.tensor([level], dtype=torch.float64)
    return measured(clean, lambda k, x: x + noise_of_picture(k, x, level), lambda k, y: run(y, sigma))
