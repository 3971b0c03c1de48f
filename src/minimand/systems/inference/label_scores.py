"""How well labels fit the truth: intersection over union of every label, and what holds near boundaries."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from minimand.systems.inference.streets import VOID

Labels = Int64[Tensor, "images height width"]


def confusion(found: Labels, truth: Labels, where: Bool[Tensor, "images height width"] | None = None) -> Tensor:
    """How many pixels of each true label (rows) were given each label (columns); pixels without a label do not count.

    where: only these pixels.
    """
    counted = truth != VOID if where is None else (truth != VOID) & where
    return torch.bincount(VOID * truth[counted] + found[counted], minlength=VOID * VOID).reshape(VOID, VOID)


def iou(table: Int64[Tensor, "labels labels"]) -> Float[Tensor, " labels"]:
    """Intersection over union of each label; not a number for one that neither is there nor was found."""
    both = table.diagonal()
    return both / (table.sum(0) + table.sum(1) - both)


def mean_iou(table: Int64[Tensor, "labels labels"]) -> float:
    """The mean over the labels that there are."""
    return float(iou(table).nanmean())


def accuracy(table: Int64[Tensor, "labels labels"]) -> float:
    """The share of pixels with their own label."""
    return float(table.diagonal().sum() / table.sum())


def near_boundaries(truth: Labels, width: int) -> Bool[Tensor, "images height width"]:
    """Pixels with another true label, VOID excepted, at most `width` rows and columns away: the "trimap" of Kohli,
    Ladicky, Torr (2009).
    """
    side = 2 * width + 1

    def highest(t: Tensor) -> Tensor:
        return F.max_pool2d(t[:, None].float(), side, stride=1, padding=width)[:, 0]

    most = highest(torch.where(truth == VOID, -1, truth))
    least = -highest(torch.where(truth == VOID, -VOID, -truth))
    return (truth != VOID) & (most != least)
