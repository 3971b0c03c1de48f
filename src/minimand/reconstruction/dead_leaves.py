"""Dead leaves: pictures drawn at random with the statistics of natural images, free of anybody's terms.

Leaves of all sizes cover each other as objects in a scene do. Radii r with a density of 1 / r^3 make the picture look
alike at every scale; shading and 1/f texture inside the leaves, and edges of changing sharpness, do the rest.
Source: Ruderman (1997); Lee, Mumford, Huang (2001).
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

SIDE = 256
LEAVES = 500
SMALLEST, LARGEST = (2.0, 20.0), 160.0  # radius in pixels: the smallest of a picture, and the largest of all


def dead_leaves(count: int, seed: int) -> list[Tensor]:
    """`count` pictures of 256 x 256 pixels, float32, from 0 to 1."""
    rng = np.random.default_rng(seed)
    return [dead_leaf_picture(SIDE, rng) for _ in range(count)]


def dead_leaf_picture(side: int, rng: np.random.Generator) -> Float[Tensor, "side side"]:
    """One picture of side x side pixels."""
    textures = [_texture(side, rng) for _ in range(3)]
    picture = rng.uniform(0.2, 0.8) + 0.1 * textures[0]
    softness = rng.uniform(0.4, 1.2)  # of edges, in pixels: the lens
    smallest = np.exp(rng.uniform(*np.log(SMALLEST)))
    inverse = rng.uniform(LARGEST**-2.0, smallest**-2.0, LEAVES)  # of the squared radius: a density of 1 / r^3
    for radius in np.concatenate([np.full(8, LARGEST), inverse**-0.5]):  # the large ones first, as a ground
        _paint(picture, float(radius), softness, textures[int(rng.integers(3))], rng)
    picture = picture - picture.min()
    return torch.from_numpy((picture / picture.max()) ** rng.uniform(0.7, 1.4)).float()


def _paint(picture: np.ndarray, radius: float, softness: float, texture: np.ndarray, rng: np.random.Generator) -> None:
    """Lay one leaf, an ellipse or a rectangle turned at random, over the picture, in place."""
    side = len(picture)
    row, column = rng.uniform(-0.1 * side, 1.1 * side, 2)
    reach = 1.5 * radius + 3
    top, left = (max(0, int(c - reach)) for c in (row, column))
    bottom, right = (min(side, int(c + reach) + 1) for c in (row, column))
    if top >= bottom or left >= right:
        return
    down, across = np.arange(top, bottom)[:, None] - row, np.arange(left, right)[None, :] - column
    angle, stretch = rng.uniform(0, np.pi), rng.uniform(0.1, 1.0)
    along = np.cos(angle) * across + np.sin(angle) * down
    aside = (np.cos(angle) * down - np.sin(angle) * across) / stretch
    round_ = rng.uniform() < 0.6
    distance = np.hypot(along, aside) if round_ else np.maximum(np.abs(along), np.abs(aside)) * 1.15
    edge = softness * rng.choice([1.0, 1.0, 3.0])  # some out of focus
    cover = np.clip((radius - distance) / edge + 0.5, 0.0, 1.0)
    slope = rng.normal(0, 0.15, 2) / radius
    shade = rng.uniform(0.0, 1.0) + slope[0] * along + slope[1] * aside
    leaf = shade + rng.exponential(0.06) * texture[top:bottom, left:right]
    part = picture[top:bottom, left:right]
    part += cover * (leaf - part)


def _texture(side: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of unit variance whose amplitude falls as a power of the frequency, about 1 / f."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.normal(size=(side, side))) * frequency ** -rng.uniform(0.6, 1.4)
    field = np.fft.irfft2(spectrum, s=(side, side))
    return field / field.std()
