"""A made heart outlined by made atlases: what the rules of fusion make of the same registered images."""

import torch
from gallery import Sheet, show
from matplotlib.figure import Figure

from minimand.systems.segmentation.made import CAVITY, WALL, made_heart, made_library
from minimand.systems.segmentation.methods import RULES, get_rule
from minimand.systems.segmentation.network import NETWORK, shipped_networks
from minimand.systems.segmentation.placing import normalised
from minimand.systems.segmentation.scores import overlap
from minimand.systems.segmentation.segment import align, choose, fuse

SEED, COUNT, PART = 5, 8, slice(14, 82)
SHOWN = (*RULES, NETWORK)  # all that need no training


def main() -> None:
    sheet = Sheet("hearts", __doc__)
    sheet.options()
    scan, truth = made_heart(SEED)
    library = made_library(SEED)
    with torch.no_grad():
        chosen = choose(scan, library, COUNT)
    warped, image = align(scan, chosen), normalised(scan.image)[0]
    figure = Figure(figsize=(2 * (1 + len(SHOWN)), 2.4), layout="constrained")
    first, *others = figure.subplots(1, 1 + len(SHOWN))
    outlined(first, image, truth[0], "truth")
    for axes, name in zip(others, SHOWN, strict=True):
        rule = get_rule(name, shipped_networks()[0] if name == NETWORK else None)[0]
        found = fuse(warped, chosen, library, rule).labels
        scores = [overlap(found, truth, number).dice for number in (CAVITY, WALL)]
        sheet.tell(name, cavity=round(scores[0], 3), wall=round(scores[1], 3))
        outlined(axes, image, found[0], f"{name}  {scores[0]:.3f} / {scores[1]:.3f}")
    sheet.save(figure)


def outlined(axes, image, labels, title: str) -> None:
    """The middle of an image with its contours, as viewers turn it."""
    show(axes, image[PART, PART].rot90(), title)
    marked = labels[PART, PART].rot90()
    for number, colour in ((CAVITY, "#ff5d5d"), (WALL, "#4dc3ff")):
        inside = (marked == number) | (marked == CAVITY)
        axes.contour(inside.double().numpy(), levels=[0.5], colors=colour, linewidths=1.2)


if __name__ == "__main__":
    main()
