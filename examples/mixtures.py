"""EM on a cloud of points: the components as ellipses, and an energy that never rises."""

import torch
from gallery import Sheet
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from minimand import solve
from minimand.steps import EM
from minimand.terms import GaussianMixture
from minimand.terms.gaussian_mixture import Gaussians

MIDDLES = ((0.0, 0.0), (4.0, 1.0), (1.0, 4.5))
EACH, LOOKS, STEPS = 80, (0, 2, 60), 60


@torch.no_grad()
def main() -> None:
    sheet = Sheet("mixtures", __doc__)
    sheet.options()
    generator = torch.Generator().manual_seed(2)
    stretch = torch.tensor([[[1.0, 0.4], [0.0, 0.6]], [[0.5, 0.0], [0.0, 1.2]], [[1.3, -0.5], [0.0, 0.5]]])
    points = torch.cat([
        torch.randn(EACH, 2, generator=generator) @ A + torch.tensor(m) for A, m in zip(stretch, MIDDLES)
    ])[None]  # fmt: skip
    start = Gaussians(torch.full((1, 3), 1 / 3), points[:, [0, 5, 9]], torch.eye(2).expand(1, 3, 2, 2))
    mixture = GaussianMixture(points)
    figure = Figure(figsize=(11, 2.9), layout="constrained")
    *clouds, last = figure.subplots(1, len(LOOKS) + 1)
    for axes, k in zip(clouds, LOOKS, strict=True):
        x = start if k == 0 else solve(EM(), mixture, start, max_iter=k, tol=0.0).x
        axes.scatter(*points[0].T, s=4, color="grey")
        draw(axes, x)
        axes.set_title("start" if k == 0 else f"EM, {k} steps", fontsize=9)
    energies = solve(EM(), mixture, start, max_iter=STEPS, tol=0.0, energies=True).energies[:, 0]
    last.plot(energies / points.shape[1])
    last.set(xlabel="steps", title="-log p(y) a point")
    last.title.set_fontsize(9)
    found = solve(EM(), mixture, start, max_iter=STEPS, tol=0.0).x
    sheet.tell("energy a point", start=round(float(energies[0]) / points.shape[1], 3),
               end=round(float(energies[-1]) / points.shape[1], 3))  # fmt: skip
    far = torch.cdist(torch.tensor(MIDDLES), found.mean[0]).amin(1)
    sheet.tell("distance of the middles found", far=[round(float(d), 2) for d in far])
    sheet.save(figure)


def draw(axes: Axes, x: Gaussians) -> None:
    """Two standard deviations of every component."""
    for k, (mean, covariance) in enumerate(zip(x.mean[0], x.covariance[0])):
        values, vectors = torch.linalg.eigh(covariance)
        angle = float(torch.rad2deg(torch.atan2(vectors[1, 1], vectors[0, 1])))
        width, height = (4 * values.sqrt()).flip(0).tolist()
        axes.add_patch(Ellipse(mean.tolist(), width, height, angle=angle, fill=False, color=f"C{k}", linewidth=1.5))


if __name__ == "__main__":
    main()
