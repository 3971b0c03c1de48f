"""A random field over labels: what a classifier of single pixels says, and mean field after 1, 3 and 10 iterations."""

import torch
from gallery import Sheet, show
from matplotlib.figure import Figure

from minimand import solve
from minimand.steps import MeanField
from minimand.systems.segmentation.made import made_heart
from minimand.systems.segmentation.placing import normalised
from minimand.terms import Pairwise, Unary

NOISE, STEPS = 4.0, (1, 3, 10)


@torch.no_grad()
def main() -> None:
    sheet = Sheet("labels", __doc__)
    sheet.options()
    scan, truth = made_heart(3)
    image = normalised(scan.image)
    sure = torch.nn.functional.one_hot(truth, 3).movedim(-1, 1).float()
    logits = 2 * sure + NOISE * torch.randn(sure.shape, generator=torch.Generator().manual_seed(0))
    data = Unary(logits, image[None].expand(1, 3, -1, -1))
    energy = data + 0.4 * Pairwise(3, position=4.0, colour=0.1) + 0.3 * Pairwise(3, position=1.0)
    start = logits.softmax(1)
    shown = {"image": image[0], "truth": truth[0], "pixel by pixel": start.argmax(1)[0]}
    for k in STEPS:
        shown[f"mean field, {k}"] = solve(MeanField(), energy, start, max_iter=k, tol=0.0).x.argmax(1)[0]
    figure = Figure(figsize=(12, 2.4), layout="constrained")
    for axes, (name, labels) in zip(figure.subplots(1, len(shown)), shown.items(), strict=True):
        if name == "image":
            show(axes, labels.rot90(), name)
            continue
        wrong = 100 * float((labels != truth[0]).double().mean())
        sheet.tell(name, wrong=round(wrong, 2))
        title = name if name == "truth" else f"{name}: {wrong:.1f} % wrong"
        show(axes, labels.rot90(), title, high=2, colours="viridis")
    sheet.save(figure)


if __name__ == "__main__":
    main()
