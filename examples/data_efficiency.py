"""What networks learn from few images: PSNR by the number of training images, beside methods that learn nothing.

ADMM-Net, ADMM-CSNet and a plain U-Net learn from the first 1, 3, 10, 30 and 60 chest images at half their size (128 x
128), radial 20 %, in the same number of steps each; what they have after the last one is measured on 61, 64, 67, 70 and
73. Nothing is chosen by looking at images. With --keep FILE every training is kept there as a line of JSON, and one
that is in it is not repeated.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from gallery import Sheet
from matplotlib.figure import Figure
from torch import Tensor, nn

from minimand.algebra import per_item
from minimand.learning import fit
from minimand.metrics import psnr
from minimand.reconstruction.acquisition import fixed
from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.admm_net import ADMMNet, peak
from minimand.reconstruction.images import training_images
from minimand.reconstruction.methods import CLASSICAL
from minimand.reconstruction.networks import rate
from minimand.reconstruction.training import Reconstruct
from minimand.systems.mri.acquisition import acquisition
from minimand.terms import LeastSquares

COUNTS, MASK = (1, 3, 10, 30, 60), "radial:0.2"
LINES = ("tv", "bm3d-mri")


class UNet(nn.Module):
    """What a U-Net adds to the zero-filled image, at the scale where that has maximum magnitude 1; real images.

    channels: of the first of four levels, doubled from level to level; two 3 x 3 convolutions with instance
    normalisation a level, pooling by means, transposed convolutions on the way up. Source: Ronneberger, Fischer, Brox
    (2015), as fastMRI (Zbontar et al. 2018) has it.
    """

    def __init__(self, channels: int = 16, levels: int = 4):
        super().__init__()
        widths = [channels * 2**k for k in range(levels)]
        self.down = nn.ModuleList([twice(a, b) for a, b in zip([1, *widths], widths)])
        self.rise = nn.ModuleList([nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in reversed(widths[:-1])])
        self.up = nn.ModuleList([twice(2 * w, w) for w in reversed(widths[:-1])])
        self.last = nn.Conv2d(channels, 1, 1)
        nn.init.zeros_(self.last.weight)  # adds nothing at birth
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, data: LeastSquares) -> Tensor:
        start = data.pulled()
        x, kept = (start / per_item(peak(start), start))[:, None], []
        for k, level in enumerate(self.down):
            x = level(F.avg_pool2d(x, 2) if k else x)
            kept.append(x)
        for rise, level, beside in zip(self.rise, self.up, reversed(kept[:-1])):
            x = level(torch.cat([rise(x), beside], dim=1))
        return start + per_item(peak(start), start) * self.last(x)[:, 0]


def twice(channels: int, out: int) -> nn.Sequential:
    """Two convolutions, each with normalisation and a leaky rectifier."""
    layers: list[nn.Module] = []
    for a in (channels, out):
        layers += [nn.Conv2d(a, out, 3, padding=1, bias=False), nn.InstanceNorm2d(out), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers)


NETWORKS: dict[str, tuple[Callable[[], nn.Module], Callable[[str], float]]] = {
    "ADMM-Net": (lambda: ADMMNet(9), lambda name: rate("admm-net", name)),
    "ADMM-CSNet": (lambda: ADMMCSNet(7, filters=16), lambda name: rate("admm-csnet", name)),
    "U-Net": (UNet, lambda name: 1e-3),
}


def learned(name: str, count: int, images: list[Tensor], tested: list[Tensor], steps: int) -> dict[str, Any]:
    """One training, measured: the network of a name after so many steps on the first `count` images."""
    torch.manual_seed(0)
    make, rates = NETWORKS[name]
    net, started = make(), time.perf_counter()
    task = Reconstruct([images[:count]], tested, acquisition([MASK]), batch=1, seed=0)
    fit(net, task, steps=steps, rate=rates, every=steps)  # one validation, after the last step
    numbers = sum(p.numel() for p in net.parameters())
    seconds = round(time.perf_counter() - started, 1)
    return {"numbers": numbers, "steps": steps, "seconds": seconds, "psnr": measured(net.eval(), tested)}


def halves(spec: str) -> list[Tensor]:
    """Images of a file at half their size, means of 2 x 2 pixels, with maximum magnitude 1."""
    small = [F.avg_pool2d(t[None], 2)[0] for t in training_images(spec)]
    return [t / t.max() for t in small]


@torch.no_grad()
def measured(method: Callable[[LeastSquares], Tensor], tested: list[Tensor]) -> list[float]:
    """PSNR in dB of every tested image."""
    measure = acquisition([MASK]).trials[MASK]
    return [float(psnr(method(fixed(measure, t[None])), t[None], peak=1.0)) for t in tested]


def draw(lines: list[dict]) -> Figure:
    """PSNR by the number of images, with horizontal lines for what learns nothing."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    for name in dict.fromkeys(line["network"] for line in lines):
        own = sorted((line for line in lines if line["network"] == name), key=lambda line: line["images"])
        means = [sum(line["psnr"]) / len(line["psnr"]) for line in own]
        if name in LINES:
            axes.axhline(means[0], ls="--" if name == "tv" else ":", color="grey")
            axes.annotate(name, (COUNTS[-1], means[0]), ha="right", va="bottom", color="grey")
        else:
            label = f"{name}, {own[0]['numbers']:,} numbers"
            axes.plot([line["images"] for line in own], means, marker="o", label=label)
    axes.set(xscale="log", xlabel="training images", ylabel="PSNR, dB (5 chest images, radial 20 %)")
    axes.set_xticks(COUNTS, [str(n) for n in COUNTS])
    axes.minorticks_off()
    axes.legend(frameon=False)
    return figure


def main() -> None:
    sheet = Sheet("data-efficiency", __doc__, data=True)
    sheet.number("--steps", 150, 2, "steps of every training")
    sheet.number("--most", COUNTS[-1], 1, "images to learn from at most")
    sheet.parser.add_argument("--keep", type=Path, metavar="FILE")
    options = sheet.options()
    keep = options.keep
    lines = [json.loads(line) for line in keep.read_text().splitlines()] if keep and keep.exists() else []
    chest = halves(f"{options.data}/mri/chest_train_075.npz:image")
    images, tested = chest[:60], chest[60::3]

    def add(network: str, count: int, measure: Callable[[], dict[str, Any]]) -> None:
        there = [line for line in lines if (line["network"], line["images"]) == (network, count)]
        if not there:
            lines.append({"network": network, "images": count, **measure()})
            if keep:
                keep.write_text("".join(json.dumps(line) + "\n" for line in lines))
        found = there[0] if there else lines[-1]
        sheet.tell(f"{network}, {count} images", psnr=[round(value, 3) for value in found["psnr"]])

    for name in LINES:
        add(name, 0, lambda name=name: {"psnr": measured(CLASSICAL[name], tested)})
    for count in [n for n in COUNTS if n <= options.most]:
        for name in NETWORKS:
            add(name, count, lambda name=name, n=count: learned(name, n, images, tested, options.steps))
    sheet.save(draw(lines), dpi=120)


if __name__ == "__main__":
    main()
