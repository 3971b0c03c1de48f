"""The table of restoration: one frozen denoiser beside total variation, behind blur and missing pixels."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from minimand.reconstruction.denoisers import NETWORKS, noise_of
from minimand.systems.restoration.degradations import Degradation, parse_degradation
from minimand.systems.restoration.measuring import measured, noise_of_picture, pictures_to_measure
from minimand.systems.restoration.methods import Method, get_method
from minimand.systems.restoration.restore import restore_one
from minimand.weights import cards_of, research, shipped

MOTIONS = ("motion:9:30", "motion:15:60")
NOISE = (2.55, 7.65)  # 1 and 3 % of white
KNOWN = (0.5, 0.2)  # part of the pixels, with noise 1


def restored(
    data: Path, show: Callable[[str, int, int], None] = lambda label, k, n: None, images: int | None = None
) -> dict[str, Any]:
    """Total variation and every denoising network at hand as the prior, behind two motion blurs at two levels of noise
    and behind random holes, one row each.

    Picture k of the sorted list is blurred circularly and has `default_rng(k).normal(0, sigma)` added, neither clipped
    nor rounded; pixels are known where `default_rng(k + 1000).random()` is below their part. data: the folder that
    holds images/; images: only so many. Raises InputError where they are not at hand.
    """
    clean = pictures_to_measure(data, images)
    tasks = [(text, sigma) for text in MOTIONS for sigma in NOISE] + [(f"known:{part:g}", 1.0) for part in KNOWN]
    runs = [(text, sigma, label, method) for text, sigma in tasks for label, method in _rivals()]
    rows = []
    for k, (text, sigma, label, method) in enumerate(runs, 1):
        show(f"{label}, {text}, noise {sigma:g}", k, len(runs))
        row = {"method": f"{label}, {text}, noise {sigma:g}", "degradation": text, "sigma": sigma, "published": {}}
        rows.append({**row, **_measured(method, clean, text, sigma)})
    return {
        "table": "restoration", "source": "none stated", "sampling": "known degradation, circular, peak 255",
        "on": f"{len(clean)} pictures of bsd68_dev", "rows": rows,
    }  # fmt: skip


def _rivals() -> list[tuple[str, Method]]:
    """Total variation, and each network whatever is asked of it: those that learned one level of noise, too."""
    rivals = [("tv", Method("tv", lambda x, sigma: x))]
    for files, where in ((shipped(), ""), (research(), " (research)")):
        for name, card in cards_of(files).items():
            if card.get("network") in NETWORKS and "shared" not in card["arguments"]:
                rivals.append((name + where, get_method(card["network"], noise_of(card)[0], str(files[name]))))
    return rivals


def _measured(method: Method, clean: list[Tensor], text: str, sigma: float) -> dict[str, Any]:
    whats = [_degradation(text, (x.shape[-2], x.shape[-1]), k) for k, x in enumerate(clean)]

    def observe(k: int, x: Tensor) -> Tensor:
        y: Tensor = whats[k].operator((x.shape[-2], x.shape[-1]))(x)
        return y + noise_of_picture(k, x, sigma)

    return measured(clean, observe, lambda k, y: restore_one(y, whats[k], sigma, method, periodic=True))


def _degradation(text: str, size: tuple[int, int], k: int) -> Degradation:
    kind, _, part = text.partition(":")
    if kind != "known":
        return parse_degradation(text, size)
    return Degradation(known=torch.from_numpy(np.random.default_rng(k + 1000).random(size) < float(part)))
