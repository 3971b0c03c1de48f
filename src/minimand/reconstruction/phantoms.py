"""Head-like pictures drawn at random: free images to learn from where no scan may be used.

A phantom is a bright scalp, a dark skull, folded grey and white matter, ventricles, smooth shading and faint texture,
with random contrast; it stands for no person and no sequence, but has the edges, the background and the scales of a
head scan.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

SIZES = ((128, 96), (160, 160), (192, 160), (224, 224), (256, 192))


def phantoms(count: int, seed: int) -> list[Tensor]:
    """`count` phantoms of changing size, each (height, width), float32, from 0 to 1."""
    generator = torch.Generator().manual_seed(seed)
    return [phantom(SIZES[k % len(SIZES)], generator) for k in range(count)]


def phantom(size: tuple[int, int], generator: torch.Generator) -> Float[Tensor, "height width"]:
    """One phantom of (height, width) pixels."""
    height, width = size

    def uniform(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=generator))

    rows = torch.linspace(-1.1, 1.1, height)[:, None] - uniform(-0.06, 0.06)
    columns = torch.linspace(-1.1, 1.1, width)[None, :] - uniform(-0.06, 0.06)
    wobble = _noise(size, 4, generator) * 0.05
    radius = torch.sqrt((rows / uniform(0.85, 1.0)) ** 2 + (columns / uniform(0.75, 0.95)) ** 2) + wobble
    pixel = 2.2 / min(size)
    skull, brain = uniform(0.86, 0.93), uniform(0.76, 0.84)

    def inside(distance: Tensor, reach: float) -> Tensor:
        return torch.sigmoid((reach - distance) / (0.5 * pixel))  # an edge about a pixel wide

    folds = _noise(size, round(uniform(14.0, 26.0)), generator)
    depth = (brain - radius).clamp_min(0)
    white = torch.sigmoid((depth * uniform(4.0, 9.0) - 0.6 + 0.8 * folds) / uniform(0.05, 0.2))
    sulci = torch.sigmoid((folds.abs() * -8 + uniform(0.1, 0.8)) / 0.15) * torch.sigmoid((0.35 - depth) / 0.05)
    side = columns.abs() - uniform(0.08, 0.16)
    ventricle = torch.sqrt((side / uniform(0.05, 0.12)) ** 2 + ((rows - uniform(-0.1, 0.1)) / uniform(0.15, 0.35)) ** 2)
    fluid = torch.maximum(inside(ventricle + 2 * wobble, 1.0), sulci)
    grey, bright, water = uniform(0.25, 0.7), uniform(0.3, 0.9), uniform(0.02, 1.0)
    tissue = grey + (bright - grey) * white
    tissue = (tissue + (water - tissue) * fluid) * (1 + uniform(0.0, 0.08) * _noise(size, 60, generator))
    stripped = uniform(0.0, 1.0) < 0.3
    scalp = (0.0 if stripped else uniform(0.2, 1.0)) * (1 + 0.3 * _noise(size, 24, generator))
    image = scalp * (inside(radius, 1.0) - inside(radius, skull)) + tissue * inside(radius, brain)
    image = image * torch.exp(uniform(0.0, 0.35) * _noise(size, 2, generator)).clamp(0.3, 3)
    image = (image + uniform(0.0, 0.01) * torch.randn(size, generator=generator)).clamp_min(0)
    return image / image.max()


def _noise(size: tuple[int, int], cells: int, generator: torch.Generator) -> Float[Tensor, "height width"]:
    """Smooth noise of about unit variance with `cells` bumps along a side."""
    coarse = torch.randn(1, 1, cells + 2, cells + 2, generator=generator)
    return F.interpolate(coarse, size=size, mode="bicubic", align_corners=True)[0, 0] * 1.2
