"""BM3D, denoising by block matching and 3-D filtering (Dabov, Foi, Katkovnik, Egiazarian 2007), and as a prior."""

import math

import numpy as np
import pywt
import torch
import torch.nn.functional as F
from jaxtyping import Float, Num
from torch import Tensor

from minimand.kernels.block_matching import block_matching, corners, most
from minimand.kernels.collaborative_filter import SIZE, collaborative_filter
from minimand.operators.opponent import opponent_rows
from minimand.term import Term

STEP, WINDOW = 3, 39  # between reference patches; searched around each
COUNT = 32  # patches in a group at most, a power of two
FAR = (4.8, 0.64)  # largest mean squared difference of real numbers within a group, in noise variances, at each stage
THRESHOLD = 2.5  # of hard thresholding, in noise deviations; of some that were tried on training pictures
BETA = 2.0  # of the Kaiser window that patches are weighted by


@torch.no_grad()
def bm3d(
    x: Num[Tensor, "batch *channels height width"], sigma: Float[Tensor, "*batch"] | float
) -> Num[Tensor, "batch *channels height width"]:
    """x without its Gaussian noise of standard deviation sigma, in units of x (in both parts of complex images).

    Grey or complex images, (batch, height, width), or colour, (batch, 3, height, width), of any size; sigma: one
    number, or one an item; where it is 0 x stays as it is. Groups are found once for all channels: in luminance, or by
    the complex differences. Both stages: a bior1.5 basis with hard thresholding, then a cosine basis with the Wiener
    factors of the first result; Haar from patch to patch. Computed on the CPU, without gradient.
    """
    if x.ndim == 4 and (x.shape[1] != 3 or x.is_complex()):
        raise ValueError(f"BM3D takes grey, complex or real images of 3 colours, got shape {tuple(x.shape)}.")
    deviations = torch.as_tensor(sigma, dtype=torch.float64).expand(len(x)).tolist()
    items = [_denoise(v, s) if s > 0 else v for v, s in zip(x.cpu(), deviations)]
    return torch.stack(items).to(x.device) if items else x.clone()


class BM3D(Term):
    """A term known by its prox only: prox(v, t) is BM3D of v for noise of variance t, and weight * BM3D() that for
    weight * t. Not convex, without gradient.

    Images as `bm3d` takes them; t: a number, or one an item. Source: Venkatakrishnan, Bouman, Wohlberg (2013).
    """

    convex = False

    def prox(self, v: Num[Tensor, "batch *image"], t: Tensor | float) -> Num[Tensor, "batch *image"]:
        variance = torch.as_tensor(t, dtype=torch.float64)
        if variance.numel() not in (1, len(v)):
            raise ValueError(f"BM3D takes one t, or one an item, got {tuple(variance.shape)} for {tuple(v.shape)}.")
        return bm3d(v, variance.detach().flatten().sqrt())

    @classmethod
    def specimens(cls) -> list["BM3D"]:
        return [cls()]

    def example(self, batch: int, generator: torch.Generator) -> Tensor:
        return torch.randn(batch, 13, 10, dtype=torch.float64, generator=generator)


def _denoise(x: Tensor, sigma: float) -> Tensor:
    """One image, (height, width) or (3, height, width)."""
    if x.is_complex() and not bool(x.imag.any()):  # a real image, without noise in its imaginary part
        return _denoise(x.real, sigma).to(x.dtype)
    height, width = x.shape[-2:]
    planes = F.pad(_to_planes(x), (0, max(0, SIZE - width), 0, max(0, SIZE - height)), mode="replicate")
    basic = _stage(planes, None, sigma)
    return _from_planes(_stage(planes, basic, sigma), x)[..., :height, :width]


def _stage(noisy: Tensor, basic: Tensor | None, sigma: float) -> Tensor:
    """Hard thresholding without a basic estimate, Wiener filtering with one."""
    second = int(basic is not None)
    known = noisy if basic is None else basic
    seen = torch.complex(known[0], known[1]) if len(known) == 2 else known[0]
    height, width = seen.shape
    count = min(COUNT, int(_power_of_two(torch.tensor(most(height, width, SIZE, WINDOW)))))
    found = block_matching(seen[None], SIZE, step=STEP, window=WINDOW, count=count)
    grid = len(corners(height, SIZE, STEP)), len(corners(width, SIZE, STEP))
    numbers = SIZE**2 * (1 + seen.is_complex())  # in a patch
    within = (found.distances[0] <= FAR[second] * sigma**2 * numbers).sum(-1)
    return collaborative_filter(
        noisy,
        basic,
        found.positions[0].unflatten(0, grid),
        _power_of_two(within).unflatten(0, grid),
        cosine_basis() if second else spline_basis(),
        torch.outer(*[torch.kaiser_window(SIZE, periodic=False, beta=BETA, dtype=torch.float64)] * 2),
        sigma if second else THRESHOLD * sigma,
    )


def spline_basis() -> Float[Tensor, "8 8"]:
    """The biorthogonal spline wavelet 1.5 on 8 samples, periodic, down to one mean; rows have norm 1."""
    rest, rows = np.eye(SIZE), []
    for _ in range(int(math.log2(SIZE))):
        rest, detail = pywt.dwt(rest, "bior1.5", mode="periodization", axis=0)
        rows.append(detail)
    basis = torch.from_numpy(np.concatenate([rest, *reversed(rows)]))
    return basis / basis.norm(dim=1, keepdim=True)


def cosine_basis() -> Float[Tensor, "8 8"]:
    """The orthonormal cosine transform of 8 samples."""
    k, n = torch.meshgrid(*[torch.arange(SIZE, dtype=torch.float64)] * 2, indexing="ij")
    basis = torch.cos(math.pi / SIZE * (n + 0.5) * k)
    return basis / basis.norm(dim=1, keepdim=True)


def _power_of_two(numbers: Tensor) -> Tensor:
    """The largest power of two that is at most each number (1 for 0)."""
    return 2 ** numbers.clamp_min(1).double().log2().floor().long()


def _to_planes(x: Tensor) -> Tensor:
    """Grey as it is, complex as real and imaginary part, colour in opponent channels of the same noise."""
    if x.is_complex():
        return torch.view_as_real(x.resolve_conj()).movedim(-1, 0)
    return x[None] if x.ndim == 2 else torch.einsum("oc,chw->ohw", opponent_rows(x), x)


def _from_planes(planes: Tensor, like: Tensor) -> Tensor:
    if like.is_complex():
        return torch.complex(planes[0], planes[1])
    return planes[0] if like.ndim == 2 else torch.einsum("oc,ohw->chw", opponent_rows(like), planes)
