"""Clear pictures with their depth, to make haze in: what a network learns from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minimand.io import InputError, read_array
from minimand.systems.dehazing.dehaze import reduced
from minimand.systems.dehazing.haze import add_haze, transmission

PICTURES, DEPTHS = "gt", "depth"
DENSITY, LIGHT = (0.4, 1.8), (0.7, 1.0)  # of the haze drawn: beta, and the brightness of the airlight
TINT = 0.02  # standard deviation of a channel of the airlight around it


@dataclass(frozen=True)
class Scene:
    """A clear picture, (3, height, width) from 0 to 1, and its depth, (height, width), 1 where it is farthest."""

    name: str
    clear: Float[Tensor, "3 height width"]
    depth: Float[Tensor, "height width"]


def read_scenes(folder: Path) -> list[Scene]:
    """The scenes of a folder by name: gt/NAME.png in colour, depth/NAME.png in grey, 0 near, in any unit.

    Raises InputError where there are none, or a picture has no depth of its size.
    """
    files = sorted((folder / PICTURES).glob("*.png"))
    if not files:
        raise InputError(f"{folder}: holds no {PICTURES}/*.png; scenes are {PICTURES}/NAME.png with {DEPTHS}/NAME.png.")
    return [_scene(file, folder / DEPTHS / file.name) for file in files]


def _scene(picture: Path, depth: Path) -> Scene:
    clear, far = read_array(picture).array, read_array(depth).array
    if clear.ndim != 3 or far.shape != clear.shape[:2]:
        raise InputError(
            f"{picture}: is {clear.shape}, its depth {far.shape}; colour and a depth of its size are needed."
        )
    if far.max() == 0:
        raise InputError(f"{depth}: is 0 everywhere; a depth that grows with the distance is needed.")
    top = 255 if clear.dtype == np.uint8 else 65535
    pixels = torch.from_numpy(clear.astype(np.float32) / top).permute(2, 0, 1).contiguous()
    return Scene(picture.stem, pixels, torch.from_numpy(far.astype(np.float32) / float(far.max())))


def split(scenes: list[Scene]) -> tuple[list[Scene], list[Scene], list[Scene]]:
    """Scenes to learn from, to choose by and to report on: every fifth from the third reports, of the others every
    fifth from the third chooses.
    """
    others = [scene for k, scene in enumerate(scenes) if k % 5 != 2]
    learned = [scene for k, scene in enumerate(others) if k % 5 != 2]
    return learned, others[2::5], scenes[2::5]


def smaller(scene: Scene, side: int) -> Scene:
    """The scene with sides of so many pixels at most."""
    return Scene(scene.name, reduced(scene.clear, side), reduced(scene.depth.expand(3, -1, -1), side)[0])


def hazy(scene: Scene, beta: float, A: Float[Tensor, "3"] | None = None) -> Float[Tensor, "3 height width"]:
    """The scene through haze of density beta (per depth of the scene) and colour A (white unless given), in 8 bits."""
    colour = torch.ones(1, 3) if A is None else A[None]
    I = add_haze(scene.clear[None], transmission(scene.depth[None], beta), colour)[0]
    return (255 * I).round() / 255


def draw(scene: Scene, generator: torch.Generator) -> tuple[Float[Tensor, "3 height width"], float, Float[Tensor, "3"]]:
    """The scene in haze of random density and airlight: the hazy picture, density, airlight."""
    beta, light = (low + (high - low) * torch.rand((), generator=generator) for low, high in (DENSITY, LIGHT))
    A = (light + TINT * torch.randn(3, generator=generator)).clamp(LIGHT[0], 1.0)
    return hazy(scene, float(beta), A), float(beta), A
