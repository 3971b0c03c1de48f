"""How near an image is to the truth, one number per image of the batch, in double precision.

Inputs are real or complex `(batch, *image)`. NMSE and MAE are of the signed or complex image, PSNR and SSIM of the
magnitudes, with the peak named by the caller. CIEDE2000 is of colours. Dice, Jaccard and the distances between surfaces
are of regions, boolean `(batch, *image)`. There are figures of ranked lists and of groupings, too.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor
from torch.nn import functional

WINDOW, SIGMA, K1, K2 = 11, 1.5, 0.01, 0.03  # Wang et al. (2004), sec. III.B and III.C
PAGE = 32  # results that the E-measure looks at


class Scores(NamedTuple):
    """The three figures of every table, each (batch,); psnr in dB."""

    nmse: Float[Tensor, " batch"]
    psnr: Float[Tensor, " batch"]
    ssim: Float[Tensor, " batch"]


def score(
    x: Shaped[Tensor, "batch height width"],
    t: Shaped[Tensor, "batch height width"],
    peak: float | Float[Tensor, " batch"],
) -> Scores:
    """NMSE, PSNR and SSIM of the images x against the truth t. peak: greatest magnitude, one or one per image."""
    return Scores(nmse(x, t), psnr(x, t, peak), ssim(x, t, peak))


def nmse(x: Shaped[Tensor, "batch *image"], t: Shaped[Tensor, "batch *image"]) -> Float[Tensor, " batch"]:
    """||x - t|| / ||t||, a root, of the signed or complex image; not finite where t is zero everywhere."""
    x, t = _double(x), _double(t)
    return _norm(x - t) / _norm(t)


def mae(x: Shaped[Tensor, "batch *image"], t: Shaped[Tensor, "batch *image"]) -> Float[Tensor, " batch"]:
    """The mean of |x - t| over the pixels, in the units of x."""
    return (_double(x) - _double(t)).abs().flatten(1).mean(1)


def psnr(
    x: Shaped[Tensor, "batch *image"], t: Shaped[Tensor, "batch *image"], peak: float | Float[Tensor, " batch"]
) -> Float[Tensor, " batch"]:
    """10 log10(peak^2 / mean (|x| - |t|)^2) in dB; infinite where the magnitudes agree."""
    error = (_double(x).abs() - _double(t).abs()).flatten(1).square().mean(1)
    return 10 * torch.log10(_peak(peak, error).square() / error)


def ssim(
    x: Shaped[Tensor, "batch height width"],
    t: Shaped[Tensor, "batch height width"],
    peak: float | Float[Tensor, " batch"],
) -> Float[Tensor, " batch"]:
    """The mean of `ssim_map`."""
    return ssim_map(x, t, peak).mean((1, 2))


def ssim_map(
    x: Shaped[Tensor, "batch height width"],
    t: Shaped[Tensor, "batch height width"],
    peak: float | Float[Tensor, " batch"],
) -> Float[Tensor, "batch inner_height inner_width"]:
    """Structural similarity of the magnitudes around every pixel whose 11x11 Gaussian window lies inside the image.

    Covariances are of the population. Raises ValueError for images smaller than the window. Source: Wang, Bovik,
    Sheikh, Simoncelli (2004), eq. (13).
    """
    if min(x.shape[1:]) < WINDOW:
        raise ValueError(f"SSIM needs images of at least {WINDOW}x{WINDOW} pixels, got {x.shape[1]}x{x.shape[2]}.")
    a, b = _double(x).abs(), _double(t).abs()
    mean_a, mean_b, aa, bb, ab = _smooth(torch.stack([a, b, a * a, b * b, a * b], dim=1)).unbind(1)
    scale = _peak(peak, mean_a)[..., None, None]
    c1, c2 = (K1 * scale) ** 2, (K2 * scale) ** 2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    structure = (2 * (ab - mean_a * mean_b) + c2) / (aa - mean_a**2 + bb - mean_b**2 + c2)
    return luminance * structure


def ciede2000(
    x: Float[Tensor, "batch 3 height width"], t: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, " batch"]:
    """The mean colour difference of sRGB pictures from 0 to 1 under daylight (D65); about 1 is just seen.

    Computed by scikit-image; ImportError where it is not installed. Source: Sharma, Wu, Dalal (2005).
    """
    from skimage.color import deltaE_ciede2000, rgb2lab

    pairs = [[rgb2lab(_double(v).permute(1, 2, 0).cpu().numpy()) for v in pair] for pair in zip(x, t, strict=True)]
    return torch.tensor([float(deltaE_ciede2000(a, b).mean()) for a, b in pairs], dtype=torch.float64)


class Retrieval(NamedTuple):
    """The five figures of shape retrieval, each (queries,), from 0 to 1."""

    nn: Float[Tensor, " queries"]
    first_tier: Float[Tensor, " queries"]
    second_tier: Float[Tensor, " queries"]
    e_measure: Float[Tensor, " queries"]
    dcg: Float[Tensor, " queries"]


def leave_one_out(
    distances: Float[Tensor, "shapes shapes"], labels: Int[Tensor, " shapes"]
) -> Bool[Tensor, "shapes others"]:
    """Whether what each shape finds is of its class: every shape asks all others, nearest first, ties in their order.

    A shape is kept from finding itself by its place, so a double at distance 0 is found.
    """
    others = ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    order = distances[others].reshape(len(labels), -1).argsort(dim=1, stable=True)
    alike = (labels[:, None] == labels)[others].reshape(len(labels), -1)
    return alike.gather(1, order)


def retrieval(hits: Bool[Tensor, "queries ranks"]) -> Retrieval:
    """Figures of ranked lists, whole ones: True where the thing at this rank is relevant, C times in a list.

    nn: the first is; first_tier, second_tier: share of the C that is among the first C and 2 C; e_measure: harmonic
    mean of precision and recall of the first 32, 2 C / (C + 32) at most; dcg: hits discounted by log2 of the rank, over
    the most that C can reach. Raises ValueError for a list without a hit. Source: Shilane et al. (2004), sec. 5.
    """
    if not bool(hits.any(1).all()):
        raise ValueError("retrieval figures need at least one relevant thing in every list.")
    found, relevant = hits.double(), hits.sum(1)
    ranks = torch.arange(1, hits.shape[1] + 1, device=hits.device)
    gains = 1 / torch.log2(ranks.double().clamp_min(2))
    ideal = gains.cumsum(0)[relevant - 1]

    def among(first: Tensor) -> Tensor:
        return (found * (ranks <= first[:, None])).sum(1)

    return Retrieval(
        found[:, 0],
        among(relevant) / relevant,
        among(2 * relevant) / relevant,
        2 * found[:, :PAGE].sum(1) / (PAGE + relevant),
        (found * gains).sum(1) / ideal,
    )


def dice(a: Bool[Tensor, "batch *image"], b: Bool[Tensor, "batch *image"]) -> Float[Tensor, " batch"]:
    """2 |A and B| / (|A| + |B|), 1 for two empty regions. Source: Dice (1945)."""
    both, total = (a & b).flatten(1).sum(1).double(), (a.flatten(1).sum(1) + b.flatten(1).sum(1)).double()
    return torch.where(total > 0, 2 * both / total.clamp_min(1), 1.0)


def jaccard(a: Bool[Tensor, "batch *image"], b: Bool[Tensor, "batch *image"]) -> Float[Tensor, " batch"]:
    """|A and B| / |A or B|, 1 for two empty regions."""
    either = (a | b).flatten(1).sum(1).double()
    return torch.where(either > 0, (a & b).flatten(1).sum(1) / either.clamp_min(1), 1.0)


class SurfaceDistances(NamedTuple):
    """Distances between the surfaces of two regions, each (batch,), in the units of the spacing.

    average: over all voxels of both surfaces to the other one; hausdorff: the largest; hausdorff95: the larger of the
    95th percentiles of both directions. Not finite where a region is empty, 0 where both are.
    """

    average: Float[Tensor, " batch"]
    hausdorff: Float[Tensor, " batch"]
    hausdorff95: Float[Tensor, " batch"]


def adjusted_mutual_information(a: Int[Tensor, " items"], b: Int[Tensor, " items"]) -> float:
    """How far two groupings of the same items agree: 1 where they are the same up to names, 0 in the mean by chance.

    (I - E[I]) / (mean entropy - E[I]); 1 where both have one group. Source: Vinh, Epps, Bailey (2010), eqs. 11 and 24a.
    """
    _, a = a.unique(return_inverse=True)
    _, b = b.unique(return_inverse=True)
    rows, columns = int(a.max()) + 1, int(b.max()) + 1
    table = torch.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns).double()
    n, down, across = table.sum(), table.sum(1), table.sum(0)
    shares = table / n
    information = (
        torch.special.xlogy(shares, shares) - torch.special.xlogy(shares, torch.outer(down, across) / n**2)
    ).sum()
    expected = torch.zeros((), dtype=torch.float64)
    for i in down:
        for j in across:
            k = torch.arange(max(1, int(i + j - n)), int(min(i, j)) + 1, dtype=torch.float64)
            ways = _log_binomial(i, k) + _log_binomial(n - i, j - k) - _log_binomial(n, j)
            expected += (k / n * (n * k / (i * j)).log() * ways.exp()).sum()
    entropy = sum(-torch.special.xlogy(p, p).sum() for p in (down / n, across / n)) / 2
    room = entropy - expected
    return float((information - expected) / room) if abs(float(room)) > 1e-12 else 1.0


def surface_distances(
    a: Bool[Tensor, "batch *image"], b: Bool[Tensor, "batch *image"], spacing: Sequence[float] | None = None
) -> SurfaceDistances:
    """How far the surfaces lie apart: voxels of a region that touch its outside, by their faces or the image's border.

    spacing: between voxels along every axis of the image, 1 unless given.
    """
    rows = [_surface_distances(x.cpu(), t.cpu(), spacing) for x, t in zip(a, b, strict=True)]
    table = torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)
    return SurfaceDistances(*table.unbind(1))


def _surface_distances(a: Tensor, b: Tensor, spacing: Sequence[float] | None) -> tuple[float, float, float]:
    from scipy.ndimage import binary_erosion, distance_transform_edt

    if not (bool(a.any()) and bool(b.any())):
        apart = float("inf") if bool(a.any()) or bool(b.any()) else 0.0
        return apart, apart, apart
    edges = [x.numpy() & ~binary_erosion(x.numpy()) for x in (a, b)]
    there, back = (
        torch.from_numpy(distance_transform_edt(~edges[1 - k], sampling=spacing)[edges[k]]) for k in range(2)
    )
    every = torch.cat([there, back])
    worst = max(float(torch.quantile(d, 0.95)) for d in (there, back))
    return float(every.mean()), float(every.max()), worst


def _smooth(maps: Float[Tensor, "batch map height width"]) -> Float[Tensor, "batch map inner_height inner_width"]:
    """Every map under the separable Gaussian window, where the window lies inside."""
    offset = torch.arange(WINDOW, dtype=maps.dtype, device=maps.device) - WINDOW // 2
    gauss = torch.exp(-0.5 * (offset / SIGMA) ** 2)
    gauss = gauss / gauss.sum()
    planes = maps.flatten(0, 1)[:, None]
    planes = functional.conv2d(functional.conv2d(planes, gauss[None, None, :, None]), gauss[None, None, None, :])
    return planes[:, 0].unflatten(0, maps.shape[:2])


def _double(x: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "*shape"]:
    return x.to(torch.complex128 if x.is_complex() else torch.float64)


def _norm(x: Shaped[Tensor, "batch *image"]) -> Float[Tensor, " batch"]:
    return torch.linalg.vector_norm(x.flatten(1), dim=1)


def _peak(peak: float | Float[Tensor, " batch"], like: Float[Tensor, "batch ..."]) -> Float[Tensor, " *batch"]:
    value = torch.as_tensor(peak, dtype=torch.float64, device=like.device)
    if not bool((value > 0).all()):
        raise ValueError(f"the peak must be positive, got {float(value.min()):g}.")
    return value


def _log_binomial(n: Tensor, k: Tensor) -> Tensor:
    return torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
