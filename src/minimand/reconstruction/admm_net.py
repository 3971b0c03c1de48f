"""Deep ADMM-Net (Yang, Sun, Li, Xu 2016): ADMM for compressive-sensing MRI, unrolled and learned."""

from typing import Any

import torch
from torch import Tensor, nn

from minimand.algebra import per_item
from minimand.energy import Energy
from minimand.loops import Unroll
from minimand.operators import Convolution
from minimand.reconstruction.inside import Inside
from minimand.step import Step
from minimand.steps.admm import ADMM, require_splitting
from minimand.terms import LeastSquares, PiecewiseLinear

RHO, ETA, THRESHOLD = 0.2, 1.6, 0.05  # the authors' initial values
REACH = 1.0  # of the control points


class Reconstruction(Step):
    """The x-update alone, with its own filters and penalties: the last layer of ADMM-Net, which has no shrinkage
    after it.

    H: the filters of the x-update; rho: one penalty a filter, a plain signed number as the authors have it (the
    numerator takes rho, the denominator |rho|).
    """

    State = ADMM.State

    def __init__(self, H: Convolution, rho: float = RHO):
        super().__init__()
        self.H = H
        self.rho = nn.Parameter(torch.full((H.coefficients.shape[1],), rho))

    def init(self, energy: Energy, x: Tensor) -> ADMM.State:
        require_splitting(type(self).__name__, energy)
        if len(energy.priors) != 1:
            raise TypeError(f"ADMM-Net takes exactly one prior, got {len(energy.priors)}; use ADMM.")
        z = energy.priors[0][1](x)
        return ADMM.State(x, (z,), (torch.zeros_like(z),))

    def forward(self, energy: Energy, s: ADMM.State) -> ADMM.State:
        data: Any = energy.data
        target = s.z[0] - s.u[0]
        if bool((self.rho < 0).any()):
            target = self.rho.detach().sign().reshape(-1, 1, 1) * target
        return s._replace(x=data.minimise([(self.H, target, self.rho.abs())], s.x))


class LearnedADMM(Step):
    """One stage of ADMM-Net: reconstruction, convolution, shrinkage and multiplier layer, in this order.

    Works on a prior g(D x) with D a Convolution and g a shrinkage curve, whose own step length is used (t = 1). Born
    equal to ADMM(rho, relax=eta) on rho * (g @ D): H starts as D. eta: one multiplier step a filter, a plain number.
    Source: Yang et al. (2016), eqs. 5-8, in the authors' code.
    """

    State = ADMM.State

    def __init__(self, H: Convolution, rho: float = RHO, eta: float = ETA):
        super().__init__()
        self.reconstruct = Reconstruction(H, rho)
        self.eta = nn.Parameter(torch.full((H.coefficients.shape[1], 1, 1), eta))

    def init(self, energy: Energy, x: Tensor) -> ADMM.State:
        return self.reconstruct.init(energy, x)

    def forward(self, energy: Energy, s: ADMM.State) -> ADMM.State:
        ((g, D),) = energy.priors
        x = self.reconstruct(energy, s).x  # X
        c = D(x)  # C
        z = g.prox(c + s.u[0], 1.0)  # Z
        return ADMM.State(x, (z,), (s.u[0] + self.eta * (c - z),))  # M


class ADMMNet(nn.Module):
    """ADMM-Net on a least-squares data term: the image, (batch, height, width), real or complex, of any size.

    depth: full stages (each `filters` circular filters of `size` pixels, one curve of 101 points a filter); a last
    reconstruction layer follows. normalise: work at the scale where the zero-filled image has maximum magnitude 1, so
    that scaling k-space scales the image; False takes k-space as it is (the authors' networks, for images of maximum
    1).
    """

    def __init__(self, depth: int, *, filters: int = 8, size: int = 3, normalise: bool = True):
        super().__init__()
        self.normalise = normalise
        prior = PiecewiseLinear(filters, threshold=THRESHOLD, reach=REACH) @ Convolution(filters, size)
        step = LearnedADMM(Convolution(filters, size))
        self.unrolled = Unroll(step, prior, depth=depth, last=Reconstruction(Convolution(filters, size)))

    def forward(self, data: LeastSquares) -> Tensor:
        start, scale = self._start(data)
        x: Tensor = self.unrolled(scaled(data, scale), start)
        return x if scale is None else per_item(scale, x) * x

    def trace(self, data: LeastSquares) -> list[Tensor]:
        """The image after every stage, the last reconstruction included."""
        start, scale = self._start(data)
        images = [state.x for state in self.unrolled.trace(scaled(data, scale), start)]
        return images if scale is None else [per_item(scale, x) * x for x in images]

    def look_inside(self) -> Inside:
        """Filters and curves of every stage."""
        stages: Any = self.unrolled.stages
        priors = [stage.prior[0] for stage in stages]
        curves = torch.stack([p.term.values for p in priors]).detach()
        filters = torch.stack([p.operator.filters for p in priors]).detach()
        grid = torch.linspace(-REACH, REACH, curves.shape[-1])
        return Inside(filters, grid, curves, torch.nn.functional.softshrink(grid, THRESHOLD), filters.shape[1])

    def _start(self, data: LeastSquares) -> tuple[Tensor, Tensor | None]:
        zero_filled = data.A.adjoint(data.y)
        return torch.zeros_like(zero_filled), peak(zero_filled) if self.normalise else None


def peak(x: Tensor) -> Tensor:
    """Largest magnitude of every item, (batch,); 1 for an image of zeros."""
    largest = x.abs().flatten(1).amax(1)
    return torch.where(largest > 0, largest, 1)


def scaled(data: LeastSquares, scale: Tensor | None) -> LeastSquares:
    """The data term with every item divided by its scale (as it is where there is none)."""
    return data if scale is None else LeastSquares(data.A, data.y / per_item(scale, data.y))
