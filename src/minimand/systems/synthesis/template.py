"""The head that virtual ones are bent from: HU and shares of grey matter, white matter and fluid."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from minimand.io import read_array

AIR = -1024.0  # HU, the least there is
FILES = ("scct", "scgrey", "scwhite", "sccsf")

Volume = Float[Tensor, "slices height width"]


@dataclass(frozen=True)
class Template:
    """maps: HU above air, grey, white, fluid, (4, z, x, y). spacing: of its voxels, mm. centre: voxel (z, x, y) that
    lies at 0 mm.
    """

    maps: Float[Tensor, "4 depth height width"]
    spacing: float
    centre: tuple[float, float, float]

    def sample(self, points: Float[Tensor, "slices height width 3"]) -> tuple[Volume, Volume, Volume, Volume]:
        """HU, grey, white and fluid at points (z, x, y) in mm, between voxels by lines; air outside."""
        voxel = points / self.spacing + torch.tensor(self.centre)
        size = torch.tensor(self.maps.shape[1:])
        where = (2 * voxel / (size - 1) - 1).flip(-1)
        hu, grey, white, csf = F.grid_sample(self.maps[None], where[None], align_corners=True)[0]
        return hu + AIR, grey, white, csf


@cache
def read_template(folder: Path) -> Template:
    """The template in a folder of NIfTI files (scct in Cormack units, scgrey, scwhite, sccsf). Raises InputError."""
    stored = [read_array(folder / f"{name}.nii.gz") for name in FILES]
    C, *shares = (torch.from_numpy(part.array.astype(np.float32)) for part in stored)
    geometry = stored[0].geometry
    assert geometry is not None  # a NIfTI has one
    x, y, z = np.linalg.solve(geometry.affine, [0, -18, 0, 1])[:3]
    return Template(torch.stack([hounsfield(C) - AIR, *shares]), geometry.spacing[0], (float(z), float(x), float(y)))


def hounsfield(C: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """HU of Cormack units, which stretch the soft tissues between -124 and 76 HU elevenfold."""
    return torch.where(C <= 900, C - 1024, torch.where(C <= 3100, (C - 900) / 11 - 124, C - 3024))


@cache
def made_template() -> Template:
    """A plain head of ellipsoids, for where no template is at hand: skin and fat, skull, grey and white matter, two
    ventricles, and air in a sinus.
    """
    spacing, shape = 2.0, (91, 91, 109)
    centre = (36.0, 45.0, 54.0)
    axes = [spacing * (torch.arange(n) - c) for n, c in zip(shape, centre)]
    z, x, y = torch.meshgrid(*axes, indexing="ij")

    def inside(middle: tuple[int, int, int], half: tuple[int, int, int]) -> Volume:
        """1 in an ellipsoid, 0 outside, over about 3 mm between."""
        parts = [((v - m) / h).square() for v, m, h in zip((z, x, y), middle, half)]
        return ((1 - torch.stack(parts).sum(0).sqrt()) * min(half) / 3 + 0.5).clamp(0, 1)

    head = inside((20, 0, 0), (95, 80, 97))
    flesh, skull = inside((20, 0, 0), (91, 76, 93)), inside((20, 0, 0), (85, 71, 87))
    brain, core = inside((20, 0, 0), (78, 64, 80)), inside((22, 0, 0), (58, 46, 60))
    water = torch.maximum(inside((25, 12, 0), (14, 7, 30)), inside((25, -12, 0), (14, 7, 30)))
    sinus = inside((-28, 0, 70), (16, 18, 12))
    white = core * (1 - water)
    csf = torch.maximum(water, brain - inside((20, 0, 0), (75, 61, 77)))
    hu = -AIR * head - 80 * head + 120 * flesh + 900 * skull - 900 * brain - 5 * brain - 20 * csf
    hu = hu * (1 - sinus)
    return Template(torch.stack([hu, (brain - white - csf).clamp(0, 1), white, csf]), spacing, centre)
