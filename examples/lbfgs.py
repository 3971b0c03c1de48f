"""The talk's training figure: PSNR of test images by the iterations of L-BFGS, with RecPF's line.

The basic network (ADMM-Net) and the generic one (ADMM-CSNet), each from birth, by full batches of chest images 1, 11,
... at half their size (128 x 128), and measured on 61, 64, 67, 70 and 73; radial 20 %.
"""

import time

import torch
from data_efficiency import halves
from gallery import Sheet
from matplotlib.figure import Figure
from torch import Tensor

from minimand.learning import fit
from minimand.learning.fit import ROUND
from minimand.metrics import psnr
from minimand.reconstruction.acquisition import fixed
from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.admm_net import ADMMNet
from minimand.reconstruction.classical.energies import recpf
from minimand.reconstruction.networks import rate
from minimand.reconstruction.training import Reconstruct
from minimand.systems.mri.acquisition import acquisition

MASK = "radial:0.2"
NETWORKS = {
    "ADMM-Net (basic)": ADMMNet,
    "ADMM-CSNet (generic)": lambda depth: ADMMCSNet(depth, filters=16),
}


def curve(name: str, images: list[Tensor], tested: list[Tensor], depth: int, rounds: int) -> dict:
    """Mean PSNR of the tested images at birth and after every five iterations."""
    torch.manual_seed(0)
    net, started = NETWORKS[name](depth), time.perf_counter()
    task = Reconstruct([images], tested, acquisition([MASK]), batch=len(images), seed=0)
    points = [(0, task.validate(net))]
    progress = fit(net, task, steps=0, full=rounds, rate=lambda p: rate("admm-net", p))
    points += [(ROUND * step, score) for step, _, score in progress.history]
    seconds = round(time.perf_counter() - started, 1)
    return {"network": name, "depth": depth, "images": len(images), "seconds": seconds, "psnr": points}


@torch.no_grad()
def line(tested: list[Tensor]) -> float:
    """RecPF's mean PSNR."""
    measure = acquisition([MASK]).trials[MASK]
    each = [psnr(recpf(fixed(measure, t[None])), t[None], peak=1.0) for t in tested]
    return float(torch.cat(each).mean())


def draw(curves: list[dict], flat: float) -> Figure:
    """PSNR by iterations."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    for found in curves:
        axes.plot(*zip(*found["psnr"]), marker=".", label=f"{found['network']}, {found['depth']} stages")
    axes.axhline(flat, ls="--", color="grey", label="RecPF")
    axes.set(xlabel="iterations of L-BFGS", ylabel="PSNR, dB (5 chest images, radial 20 %)")
    axes.legend(frameon=False)
    return figure


def main() -> None:
    sheet = Sheet("lbfgs", __doc__, data=True)
    sheet.number("--images", 6, 1, "images to learn from")
    sheet.number("--depth", 5, 2, "stages")
    sheet.number("--rounds", 10, 1, "rounds of five iterations")
    options = sheet.options()
    chest = halves(f"{options.data}/mri/chest_train_075.npz:image")
    images, tested = chest[: 60 : 60 // options.images], chest[60::3]
    flat, curves = line(tested), []
    sheet.tell("recpf", psnr=round(flat, 3))
    for name in NETWORKS:
        curves.append(curve(name, images, tested, options.depth, options.rounds))
        points = [(step, round(score, 3)) for step, score in curves[-1]["psnr"]]
        sheet.tell(name, psnr=points, seconds=curves[-1]["seconds"])
    sheet.save(draw(curves, flat), dpi=120)


if __name__ == "__main__":
    main()
