"""The table of dehazing: pictures of RESIDE's SOTS-indoor that nothing was learned or chosen from."""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.metrics import ciede2000, psnr, ssim
from minimand.systems.dehazing.classical import Seen, dark_channel_prior
from minimand.systems.dehazing.dehaze import CLASSICAL, Method, dehaze
from minimand.systems.dehazing.methods import get_method
from minimand.systems.dehazing.network import KINDS, NETWORK
from minimand.systems.dehazing.scenes import Scene, hazy, read_scenes, split
from minimand.weights import cards_of, research, shipped

TABLES = ("dehazing",)
LEVELS = range(1, 11)  # of RESIDE: density 0.5 + 0.1 level, airlight white
OMEGAS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
FIGURES = {"psnr": 2, "ssim": 4, "ciede2000": 2}
SOURCE = "no published table is at hand (the authors' supplement has none)"

Show = Callable[[str, int, int], None]


def dehazing_table(data: Path, show: Show = lambda label, k, n: None, *, levels: Sequence[int] = ()) -> dict[str, Any]:
    """Mean and standard deviation of PSNR (dB, over RGB in 8 bits), SSIM and CIEDE2000 of every method over the scenes
    that report, each at its published haze level; then at all `levels` where asked for.

    data: the folder that holds haze/. The dark channel is there as published and with its omega tuned on the other
    scenes. Raises InputError where the scenes are not at hand.
    """
    learned, chosen, reported = split(read_scenes(data / "haze"))
    omega = tuned_omega([*learned, *chosen])
    rivals = {
        "hazy": Method(lambda I: Seen(torch.ones(1, 3), torch.ones_like(I[:, 0]))),
        "dark-channel, omega 0.95": CLASSICAL["dark-channel"],
        f"dark-channel, omega {omega:g} (tuned)": Method(partial(dark_channel_prior, omega=omega)),
        "color-attenuation": CLASSICAL["color-attenuation"],
        **networks(),
    }
    rows = []
    for k, (label, method) in enumerate(rivals.items(), 1):
        show(label, k, len(rivals))
        row = {"method": label, **_figures(method, [(scene, level_of(scene)) for scene in reported])}
        if levels:
            row["levels"] = {level: statistics.fmean(_psnr(method, s, level) for s in reported) for level in levels}
        rows.append({**row, "published": {}})
    names = [scene.name for scene in reported]
    return {"table": "dehazing", "source": SOURCE, "on": f"scenes {', '.join(names)} of SOTS-indoor", "rows": rows}


def tuned_omega(scenes: Sequence[Scene]) -> float:
    """The omega of the dark channel method with the best mean PSNR on these scenes, each at its published level."""

    def score(omega: float) -> float:
        method = Method(partial(dark_channel_prior, omega=omega))
        return statistics.fmean(_psnr(method, scene, level_of(scene)) for scene in scenes)

    return max(OMEGAS, key=score)


def networks() -> dict[str, Method]:
    """Every network at hand, those that ship first."""
    files = {**shipped(), **{f"{name} (research)": path for name, path in research().items()}}
    cards = cards_of(files)
    return {
        name: get_method(NETWORK, str(path))[0] for name, path in files.items() if cards[name].get("network") in KINDS
    }


def level_of(scene: Scene) -> int:
    """The one of ten haze levels that the data have of this scene."""
    return (int(scene.name) - 1400) % 10 + 1


def _figures(method: Method, trials: Sequence[tuple[Scene, int]]) -> dict[str, Any]:
    """Mean, spread and single scores over (scene, level)."""
    each = [_scores(method, scene, level) for scene, level in trials]
    found: dict[str, Any] = {"images": {name: [score[name] for score in each] for name in FIGURES}}
    for name in FIGURES:
        found[name] = statistics.fmean(found["images"][name])
        found[f"{name}_spread"] = statistics.pstdev(found["images"][name])
    return {**found, "seconds": statistics.median(score["seconds"] for score in each)}


def _psnr(method: Method, scene: Scene, level: int) -> float:
    J = _eight_bits(dehaze(hazy(scene, 0.5 + 0.1 * level), method).J)
    return float(psnr(J[None], scene.clear[None], 1.0))


def _scores(method: Method, scene: Scene, level: int) -> dict[str, float]:
    I = hazy(scene, 0.5 + 0.1 * level)
    start = time.perf_counter()
    J = _eight_bits(dehaze(I, method).J)
    seconds = time.perf_counter() - start
    return {
        "psnr": float(psnr(J[None], scene.clear[None], 1.0)),
        "ssim": float(ssim(J, scene.clear, 1.0).mean()),
        "ciede2000": float(ciede2000(J[None], scene.clear[None])),
        "seconds": seconds,
    }


def _eight_bits(J: Float[Tensor, "3 height width"]) -> Float[Tensor, "3 height width"]:
    return (255 * J).round() / 255
