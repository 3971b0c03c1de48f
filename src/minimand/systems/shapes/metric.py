"""Losses of metric learning: what is of one class shall lie together, what is not shall lie apart."""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

MARGIN, SHARP = 0.5, 8.0
TARGETS = 3  # neighbours that are pulled near

Points = Float[Tensor, "shapes numbers"]
Labels = Int[Tensor, " shapes"]


def triplet(z: Points, labels: Labels) -> Float[Tensor, ""]:
    """Mean of relu(d^2 to the farthest of the class - soft minimum of d^2 to the others + 0.5).

    Source: Hermans, Beyer, Leibe (2017), eq. 5, with a soft minimum, -log sum exp(-8 d^2) / 8, for the negatives.
    """
    squares, alike = _pairs(z, labels)
    positive = torch.where(alike, squares, -torch.inf).amax(1)
    others = torch.where(labels[:, None] == labels, -torch.inf, -SHARP * squares)
    negative = -torch.logsumexp(others, 1) / SHARP
    return torch.relu(positive - negative + MARGIN).mean()


def contrastive(z: Points, labels: Labels) -> Float[Tensor, ""]:
    """Half the mean d^2 of pairs of one class, and half the mean relu(1 - d)^2 of all others.

    The two kinds are averaged apart, or the others, which are many more, would rule.
    Source: Hadsell, Chopra, LeCun (2006), eq. 4.
    """
    squares, alike = _pairs(z, labels)
    apart = labels[:, None] != labels
    near = squares[alike].mean() if bool(alike.any()) else squares.new_zeros(())
    gaps = torch.relu(1 - squares[apart].clamp_min(1e-12).sqrt())
    return 0.5 * near + (0.5 * gaps.square().mean() if bool(apart.any()) else 0)


def large_margin(z: Points, labels: Labels) -> Float[Tensor, ""]:
    """Half the mean d^2 to the 3 nearest of the class and half what others come nearer than those by less than 1.

    Source: Weinberger and Saul (2009), eqs. 11 to 13; neighbours are those of the moment.
    """
    squares, alike = _pairs(z, labels)
    near = torch.where(alike, squares, torch.inf).topk(min(TARGETS, len(z)), largest=False)[0]
    known = torch.isfinite(near)
    pull = near[known].mean()
    gaps = 1 + near[:, :, None] - squares[:, None, :]
    impostors = known[:, :, None] & (labels[:, None] != labels)[:, None, :]
    push = torch.where(impostors, torch.relu(torch.where(impostors, gaps, 0)), 0).sum(2)[known].mean()
    return 0.5 * pull + 0.5 * push


LOSSES: Mapping[str, Callable[[Points, Labels], Float[Tensor, ""]]] = {
    "triplet": triplet, "contrastive": contrastive, "large-margin": large_margin,
}  # fmt: skip


def _pairs(z: Points, labels: Labels) -> tuple[Float[Tensor, "shapes shapes"], Bool[Tensor, "shapes shapes"]]:
    """Squared distances, and which pairs are two shapes of one class."""
    norms = z.square().sum(1)
    squares = (norms[:, None] + norms - 2 * z @ z.mT).clamp_min(0)
    alike = (labels[:, None] == labels) & ~torch.eye(len(z), dtype=torch.bool, device=z.device)
    return squares, alike
