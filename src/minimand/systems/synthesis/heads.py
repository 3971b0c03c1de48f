"""Virtual heads: MR and CT of the same made subject, so that the truth is known.

A template of CT and tissue maps is bent by a smooth random displacement and a random affine map. CT is the bent HU map
with noise; MR is a contrast drawn for every tissue, times a smooth bias field and a gain, with Rician noise.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from scipy.ndimage import gaussian_filter
from torch import Tensor

from minimand.io import Geometry
from minimand.systems.synthesis.template import AIR, Template

FIELD, DEPTH, BOTTOM = 224.0, 5.0, -36.0  # mm: side of a slice, distance between slices, height of the lowest one
CELL, BEND, SMOOTH = 16.0, 3.0, 1.5  # mm between control points; mm of displacement (deviation); its filter in cells
TURN, SCALE, MOVE = math.radians(5), 0.05, 3.0  # affine map: greatest angle, change of size and shift in mm
CONTRASTS = {  # lowest and highest signal of white matter, grey matter, fluid
    "t1": ((0.75, 0.95), (0.50, 0.65), (0.10, 0.25)),
    "t2": ((0.30, 0.42), (0.50, 0.62), (0.85, 1.00)),
}
FAT, MUSCLE, BIAS = (0.85, 1.0), (0.35, 0.5), 0.2
NOISE_HU, NOISE_MR = (10.0, 20.0), (0.01, 0.03)
REST_HU = 120.0

Volume = Float[Tensor, "slices height width"]


@dataclass(frozen=True)
class Head:
    """mr: in arbitrary units; ct: in HU; both (slices, left to right, back to front) on one grid, see `geometry`."""

    mr: Volume
    ct: Volume
    geometry: Geometry


def virtual_head(
    template: Template, seed: int, *, size: int = 64, slices: int = 24, contrast: str = "t1", headrest: bool = False
) -> Head:
    """The subject of this seed: the same at every size, noise apart.

    size: pixels of a side of 224 mm; slices: 5 mm apart from the skull base up; contrast: t1 or t2; headrest: an arc
    behind the head in CT, which MR does not show.
    """
    random = np.random.default_rng([seed, 1809])
    points = _grid(size, slices)
    hu, grey, white, csf = template.sample(points + _bend(random, points) + _affine(random, points))
    rest = _arc(points) if headrest else torch.zeros_like(hu)
    ct = torch.where(rest > 0, hu.clamp_min(REST_HU), hu)
    signal = _signal(random, contrast, hu, grey, white, csf) * _bias(random, points)
    noise = torch.from_numpy(random.standard_normal((3, slices, size, size))).float()
    ct = (ct + random.uniform(*NOISE_HU) * noise[0]).clamp_min(AIR)
    level = random.uniform(*NOISE_MR)
    mr = torch.hypot(signal + level * noise[1], level * noise[2]) * random.uniform(300, 1500)
    return Head(mr, ct, _geometry(size))


def _grid(size: int, slices: int) -> Float[Tensor, "slices size size 3"]:
    """(z, x, y) of every voxel in mm."""
    along = (torch.arange(size) + 0.5) * (FIELD / size) - FIELD / 2
    z = BOTTOM + DEPTH * torch.arange(slices, dtype=torch.float32)
    return torch.stack(torch.meshgrid(z, along, along, indexing="ij"), dim=-1)


def _bend(random: np.random.Generator, points: Tensor) -> Tensor:
    """A smooth displacement in mm at the points, the same whatever their number."""
    cells = int(FIELD / CELL) + 2
    field = random.standard_normal((3, cells, cells, cells))
    field = np.stack([gaussian_filter(part, SMOOTH, mode="nearest") for part in field])
    field *= BEND / field.std()
    where = (points / (CELL * (cells - 1) / 2)).flip(-1)[None]
    smooth = torch.from_numpy(field).float()[None]
    return F.grid_sample(smooth, where, align_corners=True, padding_mode="border")[0].movedim(0, -1)


def _affine(random: np.random.Generator, points: Tensor) -> Tensor:
    """What a random affine map adds to the points."""
    a, b, c = random.uniform(-TURN, TURN, 3)
    turn = torch.tensor([[0, -a, -b], [a, 0, -c], [b, c, 0]]).float().matrix_exp()
    scale = torch.from_numpy(1 + random.uniform(-SCALE, SCALE, 3)).float()
    shift = torch.from_numpy(random.uniform(-MOVE, MOVE, 3)).float()
    return points @ (turn * scale).mT + shift - points


def _signal(random: np.random.Generator, contrast: str, hu: Volume, grey: Volume, white: Volume, csf: Volume) -> Volume:
    """MR without noise, 0 to about 1: brain by shares of its tissues, fat and muscle around it, bone and air dark."""
    levels = [random.uniform(*span) for span in CONTRASTS[contrast]]
    fat, muscle = random.uniform(*FAT), random.uniform(*MUSCLE)
    soft = ((hu + 500) / 300).clamp(0, 1) * ((250 - hu) / 150).clamp(0, 1)  # neither air nor bone
    brain = (white + grey + csf).clamp(0, 1)
    fatty = ((-hu - 10) / 40).clamp(0, 1)
    around = fat * fatty + muscle * (1 - fatty)
    inside = levels[0] * white + levels[1] * grey + levels[2] * csf
    return soft * (inside + (1 - brain) * around)


def _bias(random: np.random.Generator, points: Tensor) -> Volume:
    """A smooth field within 20 % of 1."""
    waves = torch.from_numpy(random.uniform(-1, 1, (3, 3))).float()
    phases = torch.from_numpy(random.uniform(0, 2 * math.pi, 3)).float()
    field: Volume = torch.sin(points @ waves.mT * (2 * math.pi / FIELD) + phases).mean(-1)
    return 1 + BIAS * field


def _arc(points: Tensor) -> Volume:
    """1 on a curved board of 6 mm behind the head."""
    x, y = points[..., 1], points[..., 2]
    radius = torch.hypot(x, y + 10)
    return ((radius - 105).abs() < 3).float() * (y < -60).float()


def _geometry(size: int) -> Geometry:
    pixel = FIELD / size
    affine = np.diag([pixel, pixel, DEPTH, 1.0])
    affine[:3, 3] = (pixel - FIELD) / 2, (pixel - FIELD) / 2, BOTTOM
    return Geometry(affine, (pixel, pixel, DEPTH))
