"""TVAL3: total variation of what agrees with the measurements, by an augmented Lagrangian and gradient steps."""

from typing import NamedTuple

import torch
from torch import Tensor

from minimand.algebra import norm, per_item
from minimand.energy import Energy
from minimand.loops import solve
from minimand.operators import Gradient
from minimand.reconstruction.admm_net import peak, scaled
from minimand.step import Step
from minimand.terms import L21, LeastSquares

BETA, MU, INNER = 32.0, 256.0, 5  # the middle of the authors' ranges, 2^4 ... 2^6 and 2^4 ... 2^13
ITERATIONS, TOL = 60, 1e-4


class AugmentedLagrangian(Step):
    """min_x sum_i g_i(D_i x) subject to A x = y, on an energy LeastSquares(A, y) + sum_i g_i @ D_i.

    With w_i = D_i x and scaled multipliers u_i, v it lowers

        sum_i g_i(w_i) + beta/2 ||D_i x - w_i + u_i||^2 + mu/2 ||A x - y + v||^2

    by `inner` rounds of shrinkage in w and a steepest descent step in x, whose length is exact, and then moves the
    multipliers. No linear system is solved, so that any operator with an adjoint will do. Source: Li, Yin, Jiang, Zhang
    (2013), algorithms 1 and 2, with the exact length in place of Barzilai's and Borwein's, which needs no line search.
    """

    class State(NamedTuple):
        x: Tensor  # image, (batch, *image)
        u: tuple[Tensor, ...]  # multipliers of w_i = D_i x
        v: Tensor  # multiplier of A x = y

    def __init__(self, beta: float = BETA, mu: float = MU, *, inner: int = INNER):
        super().__init__()
        self.beta, self.mu, self.inner = beta, mu, inner

    def init(self, energy: Energy, x: Tensor) -> State:
        if not isinstance(energy.data, LeastSquares):
            name = type(energy.data).__name__
            raise TypeError(f"AugmentedLagrangian needs LeastSquares as data, got {name}; use PrimalDual.")
        return self.State(x, tuple(torch.zeros_like(D(x)) for _, D in energy.priors), torch.zeros_like(energy.data.y))

    def forward(self, energy: Energy, s: State) -> State:
        assert isinstance(energy.data, LeastSquares)
        A, y, beta, mu, x = energy.data.A, energy.data.y, self.beta, self.mu, s.x
        residual = A(x) - y
        images = [D(x) for _, D in energy.priors]
        for _ in range(self.inner):
            w = [g.prox(d + u, 1 / beta) for (g, _), d, u in zip(energy.priors, images, s.u, strict=True)]
            slope = mu * A.adjoint(residual + s.v)
            for (_, D), d, v, u in zip(energy.priors, images, w, s.u, strict=True):
                slope = slope + beta * D.adjoint(d - v + u)
            rises = [D(slope) for _, D in energy.priors]
            rise = A(slope)
            bend = mu * norm(rise).square() + sum(beta * norm(r).square() for r in rises)
            length = norm(slope).square() / bend.clamp_min(torch.finfo(bend.dtype).tiny)
            x = x - per_item(length, x) * slope
            residual = residual - per_item(length, rise) * rise
            images = [d - per_item(length, r) * r for d, r in zip(images, rises, strict=True)]
        moved = tuple(u + d - v for u, d, v in zip(s.u, images, w, strict=True))
        return self.State(x, moved, s.v + residual)


@torch.no_grad()
def tval3(data: LeastSquares, beta: float = BETA, mu: float = MU) -> Tensor:
    """min_x TV(x) subject to A x = y, isotropic, periodic, for any operator. beta, mu: penalties at the scale where the
    maximum of A^H y is 1.
    """
    scale = peak(data.pulled())
    energy = scaled(data, scale) + (L21() @ Gradient()).to(data.y.device)
    start = data.pulled() / per_item(scale, data.pulled())
    x: Tensor = solve(AugmentedLagrangian(beta, mu), energy, start, max_iter=ITERATIONS, tol=TOL).x
    return x * per_item(scale, x)
