"""Second-order pooling, and functions of the spectrum of what it gives: symmetric positive (semi-)definite matrices."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

RIDGE = 1e-4  # of the mean eigenvalue, added to all
CLOSE = 1e-6  # relative distance of eigenvalues below which they count as equal

Matrices = Float[Tensor, "*batch d d"]


def second_order(columns: Float[Tensor, "vertices d"], areas: Float[Tensor, " vertices"]) -> Float[Tensor, "d d"]:
    """M = sum_x a_x f(x) f(x)^T / sum_x a_x: the area mean of outer products, whatever the density of vertices."""
    return columns.mT @ (areas[:, None] / areas.sum() * columns)


def second_order_max(columns: Float[Tensor, "vertices d"]) -> Float[Tensor, "d d"]:
    """M_ij = max_x f_i(x) f_j(x), SO-Max: symmetric, but not positive; each vertex counts alike.

    Source: Yu, Sun, Li (2020), where it stands beside the mean.
    """
    return torch.stack([(columns[:, k, None] * columns).amax(0) for k in range(columns.shape[1])])


def with_ridge(M: Matrices, share: float = RIDGE) -> Matrices:
    """M + share (tr M / d) I, positive definite."""
    d = M.shape[-1]
    trace = M.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]
    return M + share / d * trace * torch.eye(d, dtype=M.dtype, device=M.device)


def vectorise(M: Matrices) -> Float[Tensor, "*batch n"]:
    """The upper triangle, what is off the diagonal times sqrt 2: products of vectors are traces of products."""
    i, j = torch.triu_indices(M.shape[-1], M.shape[-1], device=M.device)
    return M[..., i, j] * torch.where(i == j, 1.0, 2**0.5).to(M)


def spectral(M: Matrices, g: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor]) -> Matrices:
    """U diag(g(s)) U^T for M = U diag(s) U^T, with a derivative that is finite at equal eigenvalues, too.

    g may hold learned numbers; slope: its derivative. Source: Daleckii and Krein (1965): dM becomes
    U (Gamma o (U^T dM U)) U^T, Gamma_ij = (g(s_i) - g(s_j)) / (s_i - s_j), and g'(s_i) where they are equal.
    """
    s, U = torch.linalg.eigh(M.detach())
    image: Matrices = _Spectral.apply(M, U, s, g(s), slope)  # type: ignore[no-untyped-call]
    return image


class _Spectral(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, M: Tensor, U: Tensor, s: Tensor, gs: Tensor, slope: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.save_for_backward(U, s, gs)
        ctx.slope = slope
        return (U * gs[..., None, :]) @ U.mT

    @staticmethod
    @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: Tensor) -> Any:
        U, s, gs = ctx.saved_tensors
        inside = U.mT @ (0.5 * (grad + grad.mT)) @ U
        a, b = s[..., :, None], s[..., None, :]
        equal = (a - b).abs() <= CLOSE * (a.abs() + b.abs())
        quotient = (gs[..., :, None] - gs[..., None, :]) / torch.where(equal, 1.0, a - b)
        gamma = torch.where(equal, ctx.slope(0.5 * (a + b)), quotient)
        return U @ (gamma * inside) @ U.mT, None, None, inside.diagonal(dim1=-2, dim2=-1), None


def logarithm(M: Matrices) -> Matrices:
    """log M, the log-Euclidean map of positive definite matrices. Source: Arsigny et al. (2006)."""
    return spectral(M, torch.log, torch.reciprocal)


class PowerMixture(nn.Module):
    """ST(M) = U diag(g(s)) U^T with g(s) = sum_k alpha_k s^beta_k, alpha positive with sum 1, beta between 0 and 1.

    powers: beta at birth, all alpha equal; (0.5,) is the square root. g rises, so that the result stays positive
    definite. Source: Yu, Sun, Li (2018).
    """

    def __init__(self, powers: tuple[float, ...] = (0.05, 0.2, 0.4, 0.7)):
        super().__init__()
        self.shares = nn.Parameter(torch.zeros(len(powers)))
        self.powers = nn.Parameter(torch.logit(torch.tensor(powers)))

    @property
    def alpha(self) -> Float[Tensor, " m"]:
        return self.shares.softmax(0)

    @property
    def beta(self) -> Float[Tensor, " m"]:
        return self.powers.sigmoid()

    def g(self, s: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """The function of the eigenvalues, which must be positive."""
        return (self.alpha * s[..., None] ** self.beta).sum(-1)

    def slope(self, s: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Its derivative."""
        return (self.alpha * self.beta * s[..., None] ** (self.beta - 1)).sum(-1)

    def forward(self, M: Matrices) -> Matrices:
        return spectral(M, self.g, self.slope)
