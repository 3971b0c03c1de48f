"""Perceptual grouping by Neural EM: which pixels belong to which of three shapes, learned from images alone.

Learns from 10000 images by rule, stops where the loss of 200 others is least, and tells how far groups agree with the
shapes on 500 more (adjusted mutual information, pixels of one shape alone). Draws the groups of some images, step by
step.
"""

import time
from pathlib import Path

import numpy as np
import torch
from gallery import Sheet
from matplotlib.figure import Figure

from minimand.learning import fit
from minimand.systems.inference.grouping import SIDE, Grouping, LearnGrouping, agreement, rate, shapes

COLOURS = np.array([[0.9, 0.3, 0.2], [0.2, 0.5, 0.9], [0.3, 0.7, 0.3], [0.9, 0.7, 0.1]])


def main() -> None:
    sheet = Sheet("grouping", __doc__)
    sheet.number("--steps", 2000, 20, "mini-batches")
    sheet.number("--tested", 500, 20, "images to measure on")
    sheet.number("--seed", 0, 0, "of births and mini-batches")
    sheet.parser.add_argument("--checkpoint", type=Path, help="file that keeps an interrupted run")
    sheet.parser.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    options = sheet.options()
    learned, held_out, tested = (shapes(n, seeded(k)) for k, n in enumerate((10000, 200, options.tested)))
    torch.manual_seed(options.seed)
    net = Grouping()
    sheet.tell("untrained", ami=float(agreement(net(tested[0]), tested[1]).mean()))
    begun = time.process_time()
    task = LearnGrouping(learned[0], held_out[0], seed=options.seed)
    progress = fit(net, task, steps=options.steps, rate=rate, every=max(1, options.steps // 12),
        checkpoint=options.checkpoint, resume=options.resume)  # fmt: skip
    seconds = time.process_time() - begun
    with torch.no_grad():
        each = [agreement(q.argmax(1), tested[1]) for _, q in net.trace(tested[0], seeded(0))]
    error = float(each[-1].std()) / len(each[-1]) ** 0.5
    sheet.tell("learned", ami=float(each[-1].mean()), standard_error=error, steps=progress.best_step, seconds=seconds)
    sheet.tell("by step", ami=[round(float(a.mean()), 3) for a in each])
    sheet.save(draw(net, tested[0][:6]))


@torch.no_grad()
def draw(net: Grouping, y: torch.Tensor) -> Figure:
    """Images as columns, steps as rows; colours are the groups, as far as a pixel belongs to them."""
    states = net.trace(y, seeded(0))
    figure = Figure(figsize=(1.2 * len(y), 1.2 * (len(states) + 1)), layout="constrained")
    axes = figure.subplots(len(states) + 1, len(y))
    for k in range(len(y)):
        axes[0, k].imshow(y[k].reshape(SIDE, SIDE), cmap="grey", vmin=0, vmax=1)
        for row, (_, q) in enumerate(states, 1):
            colours = np.einsum("gp,gc->pc", q[k].numpy(), COLOURS) * y[k, :, None].numpy()
            axes[row, k].imshow(colours.reshape(SIDE, SIDE, 3))
    for each in axes.flat:
        each.set_axis_off()
    return figure


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


if __name__ == "__main__":
    main()
