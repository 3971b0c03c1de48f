"""Mixtures of Gaussians whose parameters are unknown, too: minus the evidence lower bound."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Dirichlet, kl_divergence

from minimand.term import Term
from minimand.terms.gaussian_mixture import Points, Shares, moments


class NormalWishart(NamedTuple):
    """q of all parameters: weights Dirichlet(alpha), mean k normal around m_k with precision beta_k L_k, precision
    L_k Wishart with nu_k degrees of freedom and inverse scale V_k.
    """

    alpha: Float[Tensor, "batch components"]
    beta: Float[Tensor, "batch components"]
    m: Float[Tensor, "batch components d"]
    V: Float[Tensor, "batch components d d"]
    nu: Float[Tensor, "batch components"]


class VariationalMixture(Term):
    """-ELBO of a mixture of Gaussians for points y, (batch, points, d), with the best q(h) for the q(parameters) x.

    ELBO = E_q[log p(y, h | parameters)] - E_q[log q(h)] - KL(q(parameters) || prior): a lower bound of log p(y), so the
    KL is subtracted and the likelihood added (the talk's slide has a minus before both). prior: one component's
    numbers, the same for all: alpha, beta > 0, nu > d - 1, mean m of length d, V positive definite, (d, d). x:
    `NormalWishart`. Components without use go back to the prior and do not collapse. Source: Bishop (2006), sec. 10.2.
    """

    own_points = True
    y: Tensor
    m: Tensor
    V: Tensor

    def __init__(
        self,
        y: Points,
        m: Float[Tensor, " d"],
        V: Float[Tensor, "d d"],
        *,
        alpha: float = 1.0,
        beta: float = 1.0,
        nu: float | None = None,
    ):
        super().__init__()
        for name, given in (("y", y), ("m", m), ("V", V)):
            self.register_buffer(name, given, persistent=False)
        self.alpha, self.beta, self.nu = alpha, beta, len(m) + 0.0 if nu is None else nu
        if not (alpha > 0 and beta > 0 and self.nu > len(m) - 1):
            raise ValueError(
                f"VariationalMixture needs alpha, beta > 0 and nu > {len(m) - 1}, got {alpha}, {beta} and {self.nu}."
            )

    def forward(self, x: NormalWishart) -> Float[Tensor, " batch"]:
        prior = Dirichlet(torch.full_like(x.alpha, self.alpha))
        far = kl_divergence(Dirichlet(x.alpha), prior) + self._divergence(x).sum(1)
        return far - torch.logsumexp(self._joint(x), 2).sum(1)

    def expect(self, x: NormalWishart) -> Shares:
        """The best q(h_i = k), eq. 10.49."""
        return torch.softmax(self._joint(x), 2)

    def maximise(self, q: Shares, x: NormalWishart | None = None) -> NormalWishart:
        """The best q of the parameters for these shares, whatever x was: eqs. 10.58 and 10.60-10.63."""
        count, mean, covariance = moments(self.y, q)
        beta, n = self.beta + count, count[..., None]
        m = (self.beta * self.m + n * mean) / beta[..., None]
        off = mean - self.m
        apart = (self.beta * count / beta)[..., None, None] * off.unsqueeze(3) * off.unsqueeze(2)
        return NormalWishart(self.alpha + count, beta, m, self.V + n[..., None] * covariance + apart, self.nu + count)

    def items(self, which: slice | Tensor) -> "VariationalMixture":
        return VariationalMixture(self.y[which], self.m, self.V, alpha=self.alpha, beta=self.beta, nu=self.nu)

    def _joint(self, x: NormalWishart) -> Shares:
        """E[log w_k N(y_i; mean_k, L_k^-1)], eqs. 10.64-10.66."""
        d = self.y.shape[2]
        weight = torch.digamma(x.alpha) - torch.digamma(x.alpha.sum(1, keepdim=True))
        precision = _digamma(x.nu / 2, d) + d * math.log(2) - torch.logdet(x.V)
        factor = torch.linalg.cholesky(x.V)
        white = torch.linalg.solve_triangular(factor, (self.y[:, None] - x.m[:, :, None]).mT, upper=False)
        distance = d / x.beta[:, None] + x.nu[:, None] * white.square().sum(2).mT
        return (weight + 0.5 * precision - 0.5 * d * math.log(2 * math.pi))[:, None] - 0.5 * distance

    def _divergence(self, x: NormalWishart) -> Float[Tensor, "batch components"]:
        """KL of each component's normal-Wishart from the prior's."""
        d, inverse = len(self.m), torch.linalg.inv(x.V)
        off = x.m - self.m
        mean = 0.5 * d * (torch.log(x.beta / self.beta) - 1 + self.beta / x.beta)
        mean = mean + 0.5 * self.beta * x.nu * torch.einsum("bki,bkij,bkj->bk", off, inverse, off)
        scale = 0.5 * self.nu * (torch.logdet(x.V) - torch.logdet(self.V))
        scale = scale + 0.5 * x.nu * (torch.einsum("ij,bkji->bk", self.V, inverse) - d)
        freedom = torch.mvlgamma(torch.full_like(x.nu, self.nu / 2), d) - torch.mvlgamma(x.nu / 2, d)
        return mean + scale + freedom + 0.5 * (x.nu - self.nu) * _digamma(x.nu / 2, d)

    @classmethod
    def specimens(cls) -> list["VariationalMixture"]:
        y = torch.randn(2, 9, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        return [cls(y, torch.zeros(2).double(), torch.eye(2).double(), alpha=0.5)]

    def example(self, batch: int, generator: torch.Generator) -> NormalWishart:
        """The best q for random shares of two components."""
        q = torch.softmax(torch.randn(batch, self.y.shape[1], 2, dtype=torch.float64, generator=generator), 2)
        return self.maximise(q)


def _digamma(a: Tensor, d: int) -> Tensor:
    """The derivative of log Gamma_d at a."""
    return torch.digamma(a[..., None] - 0.5 * torch.arange(d).to(a)).sum(-1)
