"""Do experts on groups of similar pixels pay? Three steps on single pixels (`foe`), and two of them before one on
groups of 3 (`nlr-mrf`), which are found in what the two leave; as many numbers (7563 that matter) and as long to
learn, three seeds, noise of 25 of 255.

Both learn from crops 1..360 of `train400`, choose their step on 361..400 and are measured on pictures of `bsd68_dev`
(noise of `default_rng(k)`, not clipped). Influences on single pixels have 81 control points, those on groups 31. The
net of groups begins with a group of one, because steps are cheaper so, and groups come along at half time. Steps were
set once, by timing, so that the processor seconds agree; they are in the report.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

import torch
from _record import report
from torch import nn

from minimand.learning import fit
from minimand.reconstruction.denoisers import make, rate
from minimand.systems.restoration.learn import split
from minimand.systems.restoration.measuring import measured, noise_of_picture, pictures_to_measure
from minimand.systems.restoration.training import Denoise
from minimand.terms.nonlocal_experts import wider

SIGMA = 25.0
LOCAL, GROUPS = {"depth": 3}, {"depth": 3, "local": 2, "group": 3, "points": 31}
STEPS, FIRST, SECOND = 3300, 1400, 800


def main() -> None:
    options = arguments()
    crops = options.data / "images" / "train400"
    learned, chosen = split(
        [f"{crops}/test_[012]*.png", f"{crops}/test_3[0-5]*.png"],
        [f"{crops}/test_3[6-9]*.png", f"{crops}/test_400.png"],
    )
    clean = pictures_to_measure(options.data, options.images)
    for seed in options.seeds:
        task = Denoise(learned, chosen, (SIGMA, SIGMA), 4, (48, 48), seed)
        for name, learn in (("single pixels", local), ("groups of 3", grouped)):
            torch.manual_seed(seed)
            begun = time.process_time()
            net, best = learn(task, options.share)
            seconds = time.process_time() - begun
            found = denoised(net, clean)
            report(
                "nonlocal", name, seed=seed, psnr=round(found["psnr"], 3), validation=round(best, 3),
                pictures=len(clean), numbers=sum(p.numel() for p in net.parameters()), learned_in=round(seconds, 1),
                seconds=round(found["seconds"], 3),
            )  # fmt: skip


@torch.no_grad()
def denoised(net: nn.Module, clean: list[torch.Tensor]) -> dict[str, Any]:
    sigma = torch.tensor([SIGMA])
    return measured(clean, lambda k, x: x + noise_of_picture(k, x, SIGMA), lambda k, y: net(y, sigma))


def local(task: Denoise, share: float) -> tuple[nn.Module, float]:
    """Single pixels all the time."""
    net = make("foe", LOCAL)
    return net, learn(net, task, STEPS * share)


def grouped(task: Denoise, share: float) -> tuple[nn.Module, float]:
    """Groups of one first, then of three."""
    small, net = make("nlr-mrf", {**GROUPS, "group": 1}), make("nlr-mrf", GROUPS)
    learn(small, task, FIRST * share)
    state = small.state_dict()
    net.load_state_dict(
        {
            name: wider(value, 3) if name.startswith("unrolled.") and name.endswith("coefficients") else value
            for name, value in state.items()
        }
    )
    return net, learn(net, task, SECOND * share)


def learn(net: nn.Module, task: Denoise, steps: float) -> float:
    """The best score of validation."""
    progress = fit(net, task, steps=int(steps), rate=rate, every=max(1, int(steps) // 2))
    if progress.stopped:  # Ctrl-C or a kill, which a training answers politely
        raise KeyboardInterrupt
    return progress.best


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    data = Path(os.environ.get("MINIMAND_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=data, help="folder of the real data")
    parser.add_argument("--images", type=int, default=12, help="pictures to measure on")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--share", type=float, default=1.0, help="of the steps, to try it out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
