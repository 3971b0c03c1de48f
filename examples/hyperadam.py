"""HyperAdam in place of Adam: the same network, starts and mini-batches of MNIST."""

import torch
from gallery import Sheet
from torch import nn

from minimand.systems.optimizers import HyperAdam
from minimand.systems.optimizers.curves import curves_png
from minimand.systems.optimizers.data import mnist


def learn(make, pictures, steps: int, seed: int) -> list[float]:
    """The losses of a small network: `make` is torch.optim.Adam or what stands in its place."""
    generator = torch.manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer, losses = make(model.parameters()), []
    for _ in range(steps):
        chosen = torch.randint(len(pictures.y), (128,), generator=generator)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(pictures.x[chosen]), pictures.y[chosen])
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def main() -> None:
    sheet = Sheet("hyperadam", __doc__, data=True)
    sheet.number("--steps", 150, 12, "steps of every rule")
    sheet.number("--runs", 2, 1, "starts whose mean is shown")
    options = sheet.options()
    pictures, ways = mnist(options.data, "train"), {"Adam, lr 0.001": torch.optim.Adam, "HyperAdam": HyperAdam}
    ways["Adam, lr 0.01"] = lambda parameters: torch.optim.Adam(parameters, 0.01)
    losses = {
        name: torch.tensor([learn(make, pictures, options.steps, seed) for seed in range(options.runs)]).T
        for name, make in ways.items()
    }
    for name, found in losses.items():
        sheet.tell(name, mean_of_the_last_ten_losses=round(float(found[-10:].mean()), 4))
    sheet.save(curves_png(losses, "MLP 784-64-10 on MNIST"))


if __name__ == "__main__":
    main()
