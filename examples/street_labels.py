"""Street scenes labelled three ways: by a classifier of pixels, with a random field behind it, and with one that
learned together with it (CRF-RNN).

Learns from the training scenes of `camvid_small` as `minimand reproduce crf-camvid` does with its first seed, and draws
three validation scenes to docs/images/street-labels.png.
"""

import argparse
import os
from pathlib import Path

import torch
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from minimand.systems.inference.labelling import labelled
from minimand.systems.inference.streets import LABELS, VOID, read_streets, split
from minimand.systems.inference.tables import Plan, rivals

ROOT = Path(__file__).resolve().parents[1]
SCENES = [5, 50, 95]
COLOURS = (
    "#87b5e0", "#8a4b4b", "#c0c090", "#6d5a7d", "#b06fc0", "#7f8f2f", "#c08f8f", "#5f5f9f", "#4f2f8f", "#8f7f20",
    "#3fa0b0", "#101010",
)  # fmt: skip


def main() -> None:
    options = arguments()
    folder = options.data / "images" / "camvid_small"
    learned, chosen = split(read_streets(folder, "train"))
    shown = read_streets(folder, "val").take(SCENES)
    nets = rivals(learned, chosen, 0, Plan(first=options.steps, second=options.steps // 4))
    rows = {"scene": shown.pictures.movedim(1, -1).numpy(), "truth": shown.labels.numpy()}
    rows |= {name: labelled(net, shown.pictures).numpy() for name, net in nets.items()}
    figure = Figure(figsize=(2.2 * len(rows), 1.75 * len(SCENES)), layout="constrained")
    axes = figure.subplots(len(SCENES), len(rows))
    for column, (name, images) in enumerate(rows.items()):
        for row, image in enumerate(images):
            axes[row, column].imshow(image, cmap=ListedColormap(COLOURS), vmin=-0.5, vmax=VOID + 0.5)
            axes[row, column].set_axis_off()
        axes[0, column].set_title(name, fontsize=9)
    patches = [axes[0, 0].plot([], [], "s", color=COLOURS[k], label=LABELS[k])[0] for k in range(VOID)]
    figure.legend(handles=patches, loc="outside lower center", ncols=VOID, fontsize=7, frameon=False)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.output, dpi=110)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    data = Path(os.environ.get("MINIMAND_DATA", ROOT.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=data, help="folder of the real data")
    parser.add_argument("--steps", type=int, default=Plan().first, help="steps of the classifier")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "images" / "street-labels.png")
    return parser.parse_args()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
