"""Few scenes made many: parts of them, mirrored, in other light and colours, at other depths, side by side.

Thirty scenes are few to learn what is pale by nature from; docs/decisions.md, 63, has what variation brings.
"""

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from minimand.systems.dehazing.scenes import Scene

WHOLE, LEAST = 0.3, 0.5  # share of the scenes that stay whole; least side of a part
GAMMA = (-0.7, 1.2)  # of the exposure, as powers of 2
GAIN = 0.3  # a channel loses up to this share
SATURATION = (0.3, 1.5)
DEPTH = (-0.8, 0.8)  # exponent of the depth, as powers of 2
JOINED = 0.5  # share of the scenes that are two side by side


def varied(scene: Scene, generator: Generator) -> Scene:
    """The scene mirrored by lot, in another exposure, with channels exchanged and dimmed, paler or more colourful, and
    with near and far stretched. What is farther stays farther.
    """
    clear, depth = scene.clear, scene.depth
    if between(0.0, 1.0, generator) < 0.5:
        clear, depth = clear.flip(-1), depth.flip(-1)
    clear = clear**2 ** between(*GAMMA, generator)
    clear = clear[torch.randperm(3, generator=generator)]
    clear = clear * (1 - GAIN * torch.rand(3, 1, 1, generator=generator))
    grey = clear.mean(0, keepdim=True)
    clear = (grey + between(*SATURATION, generator) * (clear - grey)).clamp(0, 1)
    return Scene(scene.name, clear, depth**2 ** between(*DEPTH, generator))


def part(scene: Scene, shape: tuple[int, int], generator: Generator) -> Scene:
    """The scene or a part of it, at least half as high and wide, reduced to a shape (height, width)."""
    share = 1.0 if between(0.0, 1.0, generator) < WHOLE else between(LEAST, 1.0, generator)
    height, width = (math.ceil(share * n) for n in scene.depth.shape)
    top, left = (
        int(between(0.0, n - m + 0.99, generator)) for n, m in zip(scene.depth.shape, (height, width), strict=True)
    )
    window = slice(top, top + height), slice(left, left + width)
    depth = F.adaptive_avg_pool2d(scene.depth[window][None], shape)[0]
    return Scene(scene.name, F.adaptive_avg_pool2d(scene.clear[:, *window], shape), depth)


def joined(one: Scene, other: Scene, generator: Generator) -> Scene:
    """Two scenes of one shape on either side of a straight line."""
    height, width = one.depth.shape
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    angle = between(0.0, 2 * math.pi, generator)
    first: Tensor = math.cos(angle) * x + math.sin(angle) * y > between(-0.5, 0.5, generator)
    clear, depth = torch.where(first, one.clear, other.clear), torch.where(first, one.depth, other.depth)
    return Scene(f"{one.name}+{other.name}", clear, depth)


def between(low: float, high: float, generator: Generator) -> float:
    """A number drawn evenly from low to high."""
    return low + (high - low) * float(torch.rand((), generator=generator))
