"""Street scenes labelled three ways: by a classifier of pixels, with a random field behind it, and with one that
learned together with it (CRF-RNN).

Learns from the training scenes of `camvid_small` as `minimand reproduce crf-camvid` does with its first seed, tells the
scores on the 101 validation scenes in percent, and draws three of them.
"""

from gallery import Sheet
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from minimand.systems.inference.label_scores import accuracy, confusion, mean_iou
from minimand.systems.inference.labelling import labelled
from minimand.systems.inference.streets import LABELS, VOID, Streets, read_streets, split
from minimand.systems.inference.tables import Plan, rivals

SCENES = [5, 50, 95]
COLOURS = (
    "#87b5e0", "#8a4b4b", "#c0c090", "#6d5a7d", "#b06fc0", "#7f8f2f", "#c08f8f", "#5f5f9f", "#4f2f8f", "#8f7f20",
    "#3fa0b0", "#101010",
)  # fmt: skip


def main() -> None:
    sheet = Sheet("street-labels", __doc__, data=True)
    sheet.number("--steps", Plan().first, 20, "steps of the classifier")
    sheet.number("--more", Plan().second, 4, "steps of it alone and with the field")
    options = sheet.options()
    folder = options.data / "images" / "camvid_small"
    learned, chosen = split(read_streets(folder, "train"))
    tested = read_streets(folder, "val")
    nets = rivals(learned, chosen, 0, Plan(first=options.steps, second=options.more))
    found = {name: labelled(net, tested.pictures) for name, net in nets.items()}
    for name, labels in found.items():
        table = confusion(labels, tested.labels)
        sheet.tell(name, mean_iou=100 * mean_iou(table), accuracy=100 * accuracy(table), scenes=len(labels))
    sheet.save(draw(tested.take(SCENES), {name: labels[SCENES] for name, labels in found.items()}), dpi=110)


def draw(shown: Streets, found: dict[str, Tensor]) -> Figure:
    """A row a scene: picture, truth, labels of each."""
    columns = {"scene": shown.pictures.movedim(1, -1), "truth": shown.labels, **found}
    figure = Figure(figsize=(2.2 * len(columns), 1.75 * len(SCENES)), layout="constrained")
    axes = figure.subplots(len(SCENES), len(columns))
    for column, (name, images) in enumerate(columns.items()):
        for row, image in enumerate(images):
            axes[row, column].imshow(image.numpy(), cmap=ListedColormap(COLOURS), vmin=-0.5, vmax=VOID + 0.5)
            axes[row, column].set_axis_off()
        axes[0, column].set_title(name, fontsize=9)
    patches = [axes[0, 0].plot([], [], "s", color=COLOURS[k], label=LABELS[k])[0] for k in range(VOID)]
    figure.legend(handles=patches, loc="outside lower center", ncols=VOID, fontsize=7, frameon=False)
    return figure


if __name__ == "__main__":
    main()
