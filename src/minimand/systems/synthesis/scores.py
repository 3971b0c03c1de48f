"""How near a made CT is to the true one, per subject, and whether one method is nearer than another."""

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from scipy.stats import ttest_rel
from torch import Tensor

from minimand.metrics import WINDOW, mae, psnr, ssim_map

STEEP = 0.9  # share of a slice's pixels that have less gradient than its high-gradient ones

Volume = Float[Tensor, "slices height width"]


class Scores(NamedTuple):
    """Of one subject, means over its slices. mae: in the units of CT; psnr: dB; ssim_hg: SSIM where the gradient of
    the true CT lies above `threshold`, units of CT per pixel.
    """

    mae: float
    psnr: float
    ssim: float
    ssim_hg: float
    threshold: float


def score_subject(x: Volume, truth: Volume, low: float, high: float) -> Scores:
    """Scores of a made CT; low, high: the range of CT: PSNR and SSIM take high - low as their peak, and values below
    low count as low. High-gradient pixels: the steepest tenth of every true slice, by Sobel's filter.
    """
    x, t = ((v.double() - low).clamp_min(0) for v in (x, truth))
    peak, border = high - low, WINDOW // 2
    near = ssim_map(x, t, peak)
    steep = gradient_magnitude(t)
    level = steep.flatten(1).quantile(STEEP, dim=1)
    chosen = (steep > level[:, None, None])[:, border:-border, border:-border]
    in_steep = torch.stack([part[mask].mean() for part, mask in zip(near, chosen) if mask.any()])
    values = mae(x, t).mean(), psnr(x, t, peak).mean(), near.mean(), in_steep.mean(), level.mean()
    return Scores(*(float(value) for value in values))


def gradient_magnitude(image: Volume) -> Volume:
    """Length of the gradient by Sobel's filter, in units of the image per pixel."""
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=image.dtype) / 8
    wide = F.pad(image[:, None], [1] * 4, mode="replicate")
    both = F.conv2d(wide, torch.stack([across, across.mT])[:, None])
    return torch.linalg.vector_norm(both, dim=1)


def summary(each: Sequence[Scores]) -> dict[str, float]:
    """Mean of every score over subjects, and `NAME_spread`, its standard deviation (of the sample)."""
    found = {}
    for name in Scores._fields:
        values = [getattr(score, name) for score in each]
        found[name] = statistics.fmean(values)
        found[f"{name}_spread"] = statistics.stdev(values) if len(values) > 1 else 0.0
    return found


def paired_test(each: Sequence[Scores], rival: Sequence[Scores]) -> Mapping[str, float]:
    """p of the paired t-test, two-sided, that a method and its rival score alike on the same subjects."""
    names = [name for name in Scores._fields if name != "threshold"]
    return {
        name: float(ttest_rel([getattr(a, name) for a in each], [getattr(b, name) for b in rival]).pvalue)
        for name in names
    }
