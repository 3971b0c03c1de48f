"""Perceptual grouping by Neural EM: which pixels belong to which of three shapes, learned from images alone.

Learns what things look like from 4000 images of one shape each, half of the mini-batches at a third of the rate, stops
where the loss of 100 others is least, and tells how far four groups agree with the shapes on 500 images of three
(adjusted mutual information, pixels of one shape alone). Draws the groups of some images, step by step.
"""

import time

import numpy as np
import torch
from gallery import Sheet
from matplotlib.figure import Figure

from minimand.learning import fit
from minimand.systems.inference.grouping import SIDE, Grouping, LearnGrouping, agreement, rate, shapes

COLOURS = np.array([[0.9, 0.3, 0.2], [0.2, 0.5, 0.9], [0.3, 0.7, 0.3], [0.9, 0.7, 0.1]])


def main() -> None:
    sheet = Sheet("grouping", __doc__)
    sheet.number("--steps", 800, 20, "mini-batches")
    sheet.number("--tested", 500, 20, "images to measure on")
    sheet.number("--seed", 0, 0, "of births and mini-batches")
    options = sheet.options()
    learned, held_out = (shapes(n, seeded(k), things=1)[0] for k, n in enumerate((4000, 100)))
    tested = shapes(options.tested, seeded(2))
    torch.manual_seed(options.seed)
    net = Grouping()
    sheet.tell("untrained", ami=float(agreement(net(tested[0]), tested[1]).mean()))
    begun = time.process_time()
    for half, pace in enumerate((rate, slow)):
        task = LearnGrouping(learned, held_out, groups=1, seed=2 * options.seed + half)
        progress = fit(net, task, steps=options.steps // 2, rate=pace, every=max(1, options.steps // 16))
    seconds = time.process_time() - begun
    with torch.no_grad():
        each = [agreement(q.argmax(1), tested[1]) for _, q in net.trace(tested[0], seeded(0))]
    error = float(each[-1].std()) / len(each[-1]) ** 0.5
    sheet.tell("learned", ami=float(each[-1].mean()), standard_error=error, loss=-progress.best, seconds=seconds)
    sheet.tell("by step", ami=[round(float(a.mean()), 3) for a in each])
    sheet.save(draw(net, tested[0][:6]))


def slow(parameter: str) -> float:
    return 0.3 * rate(parameter)


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
