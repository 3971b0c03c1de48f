"""HyperAdam in place of Adam: the same network, starts and mini-batches of MNIST; writes docs/images/hyperadam.png.

python examples/hyperadam.py --data ../shared/data
"""

import argparse
from pathlib import Path

import torch
from torch import nn

from minimand.systems.optimizers import HyperAdam
from minimand.systems.optimizers.curves import curves_png
from minimand.systems.optimizers.data import data_folder, mnist

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "hyperadam.png"


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
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--runs", type=int, default=2)
    options = parser.parse_args()
    pictures, ways = mnist(options.data, "train"), {"Adam, lr 0.001": torch.optim.Adam, "HyperAdam": HyperAdam}
    ways["Adam, lr 0.01"] = lambda parameters: torch.optim.Adam(parameters, 0.01)
    losses = {
        name: torch.tensor([learn(make, pictures, options.steps, seed) for seed in range(options.runs)]).T
        for name, make in ways.items()
    }
    for name, found in losses.items():
        print(f"{name}: {float(found[-10:].mean()):.4f}, mean of the last ten losses")
    PICTURE.write_bytes(curves_png(losses, "MLP 784-64-10 on MNIST"))


if __name__ == "__main__":
    main()
