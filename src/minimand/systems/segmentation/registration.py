"""Registration of atlases to one target, all at once: translation, affine map, free-form deformation.

    phi(x) = (I + A) x + b + sum_k C_k B(x - x_k)       B: products of cubic B-splines on a grid of control points
    min  -LNCC^2(T, X o phi) + penalties                LNCC^2 = cov(T, X)^2 / (var T var X), moments of a box window

Coordinates run from -1 to 1 from one side of the volume to the other, whatever its size; phi takes a place on the
target to its place on the atlas. Volumes are (depth, height, width), images have depth 1. Sources: Rueckert et al.
(1999), free-form deformations; Avants et al. (2008), local correlation.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from minimand.kernels.box_filter import box_mean

WINDOW = 4  # radius of the windows of LNCC, in voxels of the working grid
CONTROLS = 11  # control points along an axis
PENALTY_AFFINE, PENALTY_BENDING = 0.05, 0.1
NOISE = 1e-5  # variance below which a window tells nothing; images are from 0 to 1
SIGMA = 0.35  # of the Gaussian that weights the middle of the volume
BETA, GAMMA, EPS = 0.9, 0.999, 1e-8  # of Adam
REACH = 3  # translations that are tried, in voxels of a grid four times as coarse
TRANSLATION, COARSE = 4, 2  # how many times as coarse the working grids are

Target = Float[Tensor, "depth height width"]
Volumes = Float[Tensor, "atlas depth height width"]
Field = Float[Tensor, "atlas depth height width 3"]


class Effort(NamedTuple):
    """Steps of Adam for the affine map and for the deformation, and their lengths."""

    affine: int = 40
    deformation: int = 40
    affine_rate: float = 0.02
    deformation_rate: float = 0.01


class Maps(NamedTuple):
    """The numbers of phi for every atlas."""

    A: Float[Tensor, "atlas 3 3"]
    b: Float[Tensor, "atlas 3"]
    C: Float[Tensor, "atlas 3 kd kh kw"]

    def on(self, size: Sequence[int]) -> Field:
        """phi at the voxels of a grid, ready for `warp`."""
        return affine_places(self.A, self.b, size) + deformation(self.C, size)


def register(target: Target, atlases: Volumes, *, spacing: Sequence[float] = (1.0, 1.0, 1.0), effort: Effort) -> Maps:
    """phi of every atlas. Images are from 0 to 1.

    spacing: of the voxels along depth, height and width: windows are about as long in every direction. An axis shorter
    than 4 voxels is left alone. Deterministic.
    """
    size = target.shape
    moves = torch.tensor([n >= 4 for n in size], dtype=target.dtype)
    coarse = _coarser(torch.cat([target[None], atlases]), COARSE)
    T, X = coarse[:1].expand_as(coarse[1:]), coarse[1:]
    weight = gaussian(T.shape[1:])
    radius = window(spacing, T.shape[1:])

    A = torch.zeros(len(X), 3, 3, dtype=T.dtype, requires_grad=True)
    b = translation(target, atlases).requires_grad_()
    free = moves[:, None] * moves

    def affine_loss() -> Tensor:
        places = affine_places(A * free, b * moves, T.shape[1:])
        return _dissimilarity(T, sample(X[:, None], places)[:, 0], weight, radius) + PENALTY_AFFINE * A.square().sum(
            (1, 2)
        )

    descend(affine_loss, [A, b], effort.affine, effort.affine_rate)
    A, b = (A * free).detach(), (b * moves).detach()

    C = torch.zeros(len(X), 3, *controls(size), dtype=T.dtype, requires_grad=True)
    start = affine_places(A, b, T.shape[1:])

    def deformation_loss() -> Tensor:
        places = start + deformation(C, T.shape[1:]) * moves
        return _dissimilarity(T, sample(X[:, None], places)[:, 0], weight, radius) + PENALTY_BENDING * bending(C)

    descend(deformation_loss, [C], effort.deformation, effort.deformation_rate)
    return Maps(A, b, C.detach() * moves[:, None, None, None])


def warp(volumes: Float[Tensor, "atlas channel d h w"], field: Field) -> Tensor:
    """Volumes o phi, linear between voxels and 0 outside: (atlas, channel, depth, height, width) on phi's grid."""
    return _sampled(volumes, field, "zeros")


def sample(volumes: Float[Tensor, "atlas channel d h w"], field: Field) -> Tensor:
    """As `warp`, but what lies outside is what lies at the border."""
    return _sampled(volumes, field, "border")


def folded(field: Field) -> Float[Tensor, " atlas"]:
    """The share of voxels where phi turns space inside out: the determinant of its differences is not positive."""
    axes = [axis for axis in range(3) if field.shape[1 + axis] > 1]
    J = torch.stack(torch.gradient(field[..., axes], dim=[1 + axis for axis in axes]), -1)
    return (torch.linalg.det(J) <= 0).flatten(1).double().mean(1)


def translation(target: Target, atlases: Volumes) -> Float[Tensor, "atlas 3"]:
    """The shift, of all on a coarse grid, at which each atlas correlates best with the target near its middle."""
    coarse = _coarser(torch.cat([target[None], atlases]), TRANSLATION)
    T, X = coarse[0], coarse[1:]
    weight = gaussian(T.shape)
    weight = weight / weight.sum()
    a = T - (weight * T).sum()
    best = torch.full((len(X),), -torch.inf, dtype=T.dtype)
    chosen = torch.zeros(len(X), 3, dtype=T.dtype)
    reach = [min(REACH, n // 4) for n in T.shape]
    padded = F.pad(X[:, None], [r for r in reversed(reach) for _ in range(2)], mode="replicate")[:, 0]
    for shift in torch.cartesian_prod(*(torch.arange(-r, r + 1) for r in reach)).tolist():
        moved = padded[:, *(slice(r + s, r + s + n) for r, s, n in zip(reach, shift, T.shape, strict=True))]
        c = moved - (weight * moved).sum((1, 2, 3), keepdim=True)
        norm = ((weight * a * a).sum() * (weight * c * c).sum((1, 2, 3))).sqrt().clamp_min(NOISE)
        score = (weight * a * c).sum((1, 2, 3)) / norm
        better = score > best
        best = torch.where(better, score, best)
        at = torch.tensor([2 * s / n for s, n in zip(shift, T.shape, strict=True)], dtype=T.dtype)
        chosen = torch.where(better[:, None], at, chosen)
    return chosen


def affine_places(A: Float[Tensor, "atlas 3 3"], b: Float[Tensor, "atlas 3"], size: Sequence[int]) -> Field:
    """(I + A) x + b at the voxels' centres."""
    x = torch.stack(torch.meshgrid(*(centres(n, A.dtype) for n in size), indexing="ij"), -1)
    return x + torch.einsum("nij,dhwj->ndhwi", A, x) + b[:, None, None, None]


def deformation(C: Float[Tensor, "atlas 3 kd kh kw"], size: Sequence[int]) -> Field:
    """sum_k C_k B(x - x_k) at the voxels' centres."""
    D, H, W = (splines(n, m, C.dtype) for n, m in zip(size, C.shape[2:], strict=True))
    return torch.einsum("nicba,dc,hb,wa->ndhwi", C, D, H, W)


def controls(size: Sequence[int]) -> tuple[int, int, int]:
    """Control points along depth, height and width."""
    z, y, x = (CONTROLS if n >= 4 else 4 for n in size)
    return z, y, x


def splines(n: int, controls: int, dtype: torch.dtype = torch.float32) -> Float[Tensor, "n controls"]:
    """Cubic B-splines at n voxels' centres: controls - 3 intervals cover the axis, one control point lies outside at
    each end. Rows add up to 1.
    """
    place = (torch.arange(n, dtype=dtype) + 0.5) / n * (controls - 3)
    k = place.floor().clamp(max=controls - 4)
    f = place - k
    four = torch.stack([(1 - f) ** 3, 3 * f**3 - 6 * f**2 + 4, 3 * (f + f**2 - f**3) + 1, f**3], 1) / 6
    return torch.zeros(n, controls, dtype=dtype).scatter(1, k.long()[:, None] + torch.arange(4), four)


def bending(C: Float[Tensor, "atlas 3 kd kh kw"]) -> Float[Tensor, " atlas"]:
    """Squared second differences of the control points, mixed ones twice."""
    total = C.new_zeros(len(C))
    for i in range(2, 5):
        for j in range(i, 5):
            second = torch.diff(torch.diff(C, dim=i), dim=j)
            total = total + (1 if i == j else 2) * second.square().flatten(1).sum(1)
    return total


def local_correlation(a: Volumes, b: Volumes, radius: tuple[int, int, int]) -> Volumes:
    """LNCC^2 of every voxel's window, from 0 to 1."""

    def mean(x: Volumes) -> Volumes:
        plane = box_mean(x.flatten(0, 1), radius[1:]).view_as(x)
        return box_mean(plane.flatten(2), (radius[0], 0)).view_as(x) if radius[0] else plane

    mean_a, mean_b = mean(a), mean(b)
    covariance = mean(a * b) - mean_a * mean_b
    variances = (mean(a * a) - mean_a**2).clamp_min(0) * (mean(b * b) - mean_b**2).clamp_min(0)
    return covariance**2 / (variances + NOISE)


def window(spacing: Sequence[float], size: Sequence[int]) -> tuple[int, int, int]:
    """Radii of a window that is WINDOW of the smallest spacing in every direction, at least 1, 0 for single slices."""
    finest = min(d for d, n in zip(spacing, size, strict=True) if n > 1)
    z, y, x = (max(1, round(WINDOW * finest / d)) if n > 1 else 0 for d, n in zip(spacing, size, strict=True))
    return z, y, x


def gaussian(size: Sequence[int]) -> Target:
    """exp(-|x|^2 / (2 SIGMA^2)), over the axes that have several voxels."""
    z, y, x = (torch.exp(-((centres(n) / SIGMA) ** 2) / 2) for n in size)
    return z[:, None, None] * y[:, None] * x


def centres(n: int, dtype: torch.dtype = torch.float32) -> Float[Tensor, " n"]:
    """Places of n voxels' centres between -1 and 1."""
    return (2 * torch.arange(n, dtype=dtype) + 1) / n - 1


def _sampled(volumes: Tensor, field: Field, beyond: str) -> Tensor:
    """Linear interpolation; single slices by that of images, which is faster."""
    if volumes.shape[2] == field.shape[1] == 1:
        return F.grid_sample(volumes[:, :, 0], field[:, 0, ..., 1:].flip(-1), "bilinear", beyond, False)[:, :, None]
    return F.grid_sample(volumes, field.flip(-1), "bilinear", beyond, False)


def _dissimilarity(T: Volumes, X: Volumes, weight: Target, radius: tuple[int, int, int]) -> Float[Tensor, " atlas"]:
    return -(local_correlation(T, X, radius) * weight).sum((1, 2, 3)) / weight.sum()


def descend(loss: Callable[[], Float[Tensor, " atlas"]], numbers: list[Tensor], steps: int, rate: float) -> None:
    """Adam on the sum of the atlases' losses, which have no numbers in common, to the last bit as torch has it.

    torch.optim would import torch's compiler, which took a third of the seconds of `minimand segment`.
    """
    moments = [(torch.zeros_like(x), torch.zeros_like(x)) for x in numbers]
    for t in range(1, steps + 1):
        grads = torch.autograd.grad(loss().sum(), numbers)
        with torch.no_grad():
            for x, g, (m, v) in zip(numbers, grads, moments, strict=True):
                m.lerp_(g, 1 - BETA)
                v.mul_(GAMMA).addcmul_(g, g, value=1 - GAMMA)
                root = (v.sqrt() / (1 - GAMMA**t) ** 0.5).add_(EPS)
                x.addcdiv_(m, root, value=-rate / (1 - BETA**t))


def _coarser(volumes: Volumes, factor: int) -> Float[Tensor, "atlas d h w"]:
    """Means of factor^3 voxels, along axes of at least 16 voxels."""
    kernel = [factor if n >= 16 else 1 for n in volumes.shape[1:]]
    return F.avg_pool3d(volumes[:, None], kernel)[:, 0]
