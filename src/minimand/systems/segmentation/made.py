"""Made hearts: short-axis slices whose labels are known, for a look at segmentation without files.

A bright ventricle with two papillary muscles in a dark wall, another ventricle beside it, tissue around; size, place,
bend, gain, shading and noise are drawn for each.
"""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter

from minimand.io import Stored
from minimand.systems.segmentation.atlases import Atlas, Labels, Library, Scan

SIDE, PIXEL = 96, 1.5  # pixels; mm
CAVITY, WALL = 1, 2  # labels
ATLASES = 10
LEVELS = {"blood": 0.85, "wall": 0.32, "fat": 0.75, "lung": 0.08, "body": 0.45}
BEND, SMOOTH, NOISE = 2.5, 14.0, 0.035  # pixels of displacement and its filter; of the brightest

Grid = Float[np.ndarray, "height width"]


def made_heart(seed: int) -> tuple[Scan, Labels]:
    """A slice and its labels, the inside of the left ventricle 1 and its wall 2; file axes (x, y)."""
    rng = np.random.default_rng([seed, 96])
    u, v = _places(rng)
    inner = rng.uniform(0.30, 0.40)
    outer = inner + rng.uniform(0.11, 0.17)
    cavity, heart = _ellipse(u, v, inner, 0.92), _ellipse(u, v, outer, 0.95)
    other = _ellipse(u + rng.uniform(0.62, 0.72), v + 0.05, rng.uniform(0.46, 0.54), 1.35) & ~heart
    rim = _ellipse(u + 0.68, v + 0.05, 0.60, 1.35) & ~heart & ~other
    image = np.where(np.hypot(u + 0.1, v) < 1.25, LEVELS["fat"], LEVELS["lung"])
    image = np.where(_ellipse(u - 0.2, v - 1.35, 0.85, 0.6), LEVELS["body"], image)
    for where, level in ((rim, "wall"), (other, "blood"), (heart, "wall"), (cavity, "blood")):
        image = np.where(where, LEVELS[level], image)
    for angle in rng.uniform([0.4, 2.4], [1.0, 3.0]):
        x, y = 0.62 * inner * np.cos(angle), 0.62 * inner * np.sin(angle)
        image = np.where(np.hypot(u - x, v - y) < 0.22 * inner, LEVELS["wall"], image)
    shading = 1 + 0.15 * np.sin(rng.uniform(0.5, 1.5) * u + rng.uniform(0, 6)) * np.cos(v)
    image = gaussian_filter(image * shading, 0.7) + NOISE * rng.standard_normal(image.shape)
    labels = np.where(cavity, CAVITY, np.where(heart, WALL, 0))
    pixels = (rng.uniform(400, 900) * image).clip(0).astype(np.float32)
    stored = Stored(pixels, Path("made heart"), None, "made")
    scan = Scan(torch.from_numpy(pixels)[None], np.diag([1.0, PIXEL, PIXEL, 1.0]), stored)
    return scan, torch.from_numpy(labels)[None]


def made_library(seed: int, count: int = ATLASES) -> Library:
    """Atlases for the heart of this seed: others."""
    hearts = {f"heart {k}": made_heart(seed + k) for k in range(1, count + 1)}
    return Library([Atlas(name, *heart) for name, heart in hearts.items()], [0, CAVITY, WALL], [])


def _places(rng: np.random.Generator) -> tuple[Grid, Grid]:
    """Where every pixel lies in the heart's own frame, about -1.5 to 1.5: moved, turned, scaled and bent."""
    along = (np.arange(SIDE) - (SIDE - 1) / 2) / (SIDE / 3)
    u, v = np.meshgrid(along, along, indexing="ij")
    for part in (u, v):
        field = gaussian_filter(rng.standard_normal(part.shape), SMOOTH)
        part += BEND / (SIDE / 3) * field / field.std()
    u, v = u - rng.uniform(-0.12, 0.12), v - rng.uniform(-0.12, 0.12)
    turn, scale = rng.uniform(-0.25, 0.25), rng.uniform(0.9, 1.1)
    return scale * (np.cos(turn) * u - np.sin(turn) * v), scale * (np.sin(turn) * u + np.cos(turn) * v)


def _ellipse(u: Grid, v: Grid, radius: float, stretch: float) -> Bool[np.ndarray, "height width"]:
    return np.hypot(u, v / stretch) < radius
