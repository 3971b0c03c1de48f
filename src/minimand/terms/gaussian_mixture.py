"""Mixtures of Gaussians: the likelihood, and what EM needs of it."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minimand.term import Term

Points = Float[Tensor, "batch points d"]
Shares = Float[Tensor, "batch points components"]  # q(h_i = k), summing to 1 over the components


class Gaussians(NamedTuple):
    """The parameters of a mixture for every item of a batch."""

    weight: Float[Tensor, "batch components"]  # positive, summing to 1
    mean: Float[Tensor, "batch components d"]
    covariance: Float[Tensor, "batch components d d"]  # positive definite


class GaussianMixture(Term):
    """-log p(y | x) = -sum_i log sum_k w_k N(y_i; m_k, C_k) for points y, (batch, points, d); x: `Gaussians`.

    floor: variance, as a part of the points' own, below which a component is not narrowed. A component collapses when
    EM would narrow it further (onto one point, with infinite likelihood) or no point is left to it: it then keeps its
    mean and covariance, so that nothing becomes infinite and the likelihood still never falls, and `collapsed` tells.
    Raises ValueError for points that are all the same. Source: Bishop (2006), eqs. 9.14 and 9.22-9.26.
    """

    own_points = True
    y: Tensor
    floor: Tensor

    def __init__(self, y: Points, *, floor: float = 1e-6):
        super().__init__()
        self.part = floor
        self.register_buffer("y", y, persistent=False)
        self.register_buffer("floor", floor * y.var(1, correction=0).mean(1), persistent=False)
        if not bool((self.floor > 0).all()):
            raise ValueError("GaussianMixture needs points that are finite and differ from each other.")

    def forward(self, x: Gaussians) -> Float[Tensor, " batch"]:
        return -torch.logsumexp(self._joint(x), 2).sum(1)

    def expect(self, x: Gaussians) -> Shares:
        """p(h_i = k | y_i, x), Bishop's eq. 9.23."""
        return torch.softmax(self._joint(x), 2)

    def maximise(self, q: Shares, x: Gaussians) -> Gaussians:
        """The most likely parameters where point i belongs to component k with q_ik; collapsed components stay x."""
        count, mean, covariance = moments(self.y, q)
        stays = self.collapsed(q)[..., None]
        mean = torch.where(stays, x.mean, mean)
        covariance = torch.where(stays[..., None], x.covariance, covariance)
        return Gaussians(count / count.sum(1, keepdim=True), mean, covariance)

    def collapsed(self, q: Shares) -> Bool[Tensor, "batch components"]:
        """Which components have lost their points, or all but one place."""
        count, _, covariance = moments(self.y, q)
        narrow = torch.linalg.eigvalsh(covariance)[..., 0] < self.floor[:, None]
        return narrow | (count < 1e-3)

    def items(self, which: slice | Tensor) -> "GaussianMixture":
        return GaussianMixture(self.y[which], floor=self.part)

    def _joint(self, x: Gaussians) -> Shares:
        """log w_k N(y_i; m_k, C_k)."""
        factor = torch.linalg.cholesky(x.covariance)
        away = self.y[:, None] - x.mean[:, :, None]
        white = torch.linalg.solve_triangular(factor, away.mT, upper=False)
        spread = factor.diagonal(dim1=-2, dim2=-1).log().sum(-1) + 0.5 * self.y.shape[2] * math.log(2 * math.pi)
        tiny = torch.finfo(x.weight.dtype).tiny  # a component without points has weight 0
        return (x.weight.clamp_min(tiny).log() - spread)[:, None] - 0.5 * white.square().sum(2).mT

    @classmethod
    def specimens(cls) -> list["GaussianMixture"]:
        return [cls(torch.randn(2, 9, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))]

    def example(self, batch: int, generator: torch.Generator) -> Gaussians:
        """Random parameters of two components."""
        weight = torch.rand(batch, 2, dtype=torch.float64, generator=generator) + 0.5
        mean, noise = torch.randn(2, batch, 2, self.y.shape[2], dtype=torch.float64, generator=generator)
        covariance = torch.eye(self.y.shape[2]) + 0.3 * noise.unsqueeze(3) * noise.unsqueeze(2)
        return Gaussians(weight / weight.sum(1, keepdim=True), mean, covariance)


def moments(
    y: Points, q: Shares
) -> tuple[
    Float[Tensor, "batch components"], Float[Tensor, "batch components d"], Float[Tensor, "batch components d d"]
]:
    """How many points each component has, their mean and their covariance (zero where it has none)."""
    count = q.sum(1)
    share = q / count.clamp_min(torch.finfo(q.dtype).tiny)[:, None]
    mean = share.mT @ y
    away = y[:, None] - mean[:, :, None]
    covariance = (away * share.mT[..., None]).mT @ away
    return count, mean, covariance
