"""Which atlases to take for a target: those most like it."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor

BINS = 32

Target = Float[Tensor, "depth height width"]
Images = Float[Tensor, "atlas depth height width"]


def normalised_mutual_information(target: Target, images: Images) -> Float[Tensor, " atlas"]:
    """(H(T) + H(X)) / H(T, X) from joint histograms of 32 x 32 bins, intensities from 0 to 1: 1 says that they are
    independent, 2 that each tells the other. 2 for two constant images.

    Source: Studholme, Hill, Hawkes (1999).
    """
    t, x = (_bin(v) for v in (target.flatten(), images.flatten(1)))
    counts = torch.stack([torch.bincount(row, minlength=BINS**2) for row in t * BINS + x]).view(-1, BINS, BINS)
    p = counts.double() / target.numel()
    joint, T, X = (_entropy(q) for q in (p.flatten(1), p.sum(2), p.sum(1)))
    return torch.where(joint > 0, (T + X) / joint.clamp_min(1e-12), 2.0)


def most_alike(target: Target, images: Images, count: int) -> Int64[Tensor, " chosen"]:
    """The numbers of the `count` images with the largest normalised mutual information, the best first."""
    return normalised_mutual_information(target, images).argsort(descending=True, stable=True)[:count]


def _bin(x: Tensor) -> Tensor:
    return (x * BINS).short().clamp(0, BINS - 1)


def _entropy(p: Float[Tensor, "atlas bins"]) -> Float[Tensor, " atlas"]:
    return -torch.special.xlogy(p, p).sum(1)
