"""Scenes that anybody may use: free photographs inside scikit-image, with depths that are made up."""

from pathlib import Path

import numpy as np
import skimage
import torch
from jaxtyping import Float
from skimage.segmentation import slic
from torch import Tensor

from minimand.io import InputError, read_array
from minimand.systems.dehazing.scenes import Scene

# Photographs of things, in the public domain or under CC0 by the notes in skimage.data (0.26), and in its wheel.
NAMES = (
    "astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "camera.png", "coins.png", "clock_motion.png",
    "brick.png", "grass.png", "gravel.png",
)  # fmt: skip
DEPTHS = 4  # made up for each photograph
SEGMENTS = (8, 60)
LEARNED = 0.7  # share of a photograph, its left, to learn from; the rest chooses


def free_scenes(seed: int = 0) -> tuple[list[Scene], list[Scene]]:
    """Scenes to learn from, the left of each photograph, and to choose by, the right, at several depths each.

    Raises InputError where scikit-image lacks one.
    """
    learned, chosen = [], []
    for number, name in enumerate(NAMES):
        path = Path(skimage.__file__).parent / "data" / name
        if not path.is_file():
            raise InputError(f"free-scenes: this scikit-image lacks {name}; install scikit-image 0.26.")
        clear = torch.from_numpy(read_array(path).array.astype(np.float32) / 255)
        picture = clear.permute(2, 0, 1) if clear.ndim == 3 else clear.expand(3, *clear.shape)
        edge = int(LEARNED * picture.shape[2])
        for k in range(DEPTHS):
            depth = made_depth(picture, np.random.default_rng([seed, number, k]))
            label = f"{path.stem} {k}"
            learned.append(Scene(label, picture[..., :edge].contiguous(), depth[:, :edge].contiguous()))
            chosen.append(Scene(label, picture[..., edge:].contiguous(), depth[:, edge:].contiguous()))
    return learned, chosen


def made_depth(
    picture: Float[Tensor, "3 height width"], generator: np.random.Generator
) -> Float[Tensor, "height width"]:
    """A depth of up to 1 whose edges are those of the picture.

    The ground rises from the bottom, where it is nearest, to a horizon; pieces of one colour stand on it, each upright
    at the depth of its foot, some a little nearer or farther.
    """
    height, width = picture.shape[1:]
    pieces = slic(
        picture.permute(1, 2, 0).double().numpy(), n_segments=int(generator.integers(*SEGMENTS)),
        compactness=float(generator.choice([1, 5, 20])), start_label=0,
    )  # fmt: skip
    rows = np.broadcast_to(np.arange(height)[:, None], (height, width))
    foot = np.zeros(pieces.max() + 1)
    np.maximum.at(foot, pieces, rows)
    horizon, near = generator.uniform(-0.3, 0.6), generator.uniform(0.05, 0.4)
    ground = np.clip((1 - foot / (height - 1)) / (1 - horizon), 0, 1)
    depth = near + (1 - near) * ground + generator.normal(0, 0.08, len(foot))
    lying = generator.uniform(0, 0.4)  # how much of what is seen lies on the ground itself
    flat = np.clip((1 - rows / (height - 1)) / (1 - horizon), 0, 1)
    found = np.clip((1 - lying) * depth[pieces] + lying * (near + (1 - near) * flat), 0.02, None)
    return torch.from_numpy((found / found.max()).astype(np.float32))
