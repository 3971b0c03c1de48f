"""ADMM-CSNet (Yang, Sun, Li, Xu 2020): ADMM for compressive sensing with a learned proximal map, unrolled."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from minimand.algebra import per_item
from minimand.energy import Energy
from minimand.loops import Unroll
from minimand.operator import Identity
from minimand.reconstruction.inside import Inside
from minimand.step import Step
from minimand.steps.admm import require_splitting
from minimand.terms import LeastSquares, ShrinkageField
from minimand.terms.shrinkage_field import REACH

RHO, ETA = 0.1, 1.0  # the authors' initial values
SHOWN = 16  # filters of a stage worth looking at


class Split(NamedTuple):
    """x: image, (batch, *image); z: the prior's image; u: scaled multipliers."""

    x: Tensor
    z: Tensor
    u: Tensor


class Reconstruction(Step):
    """The x-update: argmin_x data(x) + rho/2 ||x - (z - u)||^2, rho a plain signed number as the authors have it."""

    State = Split

    def __init__(self, rho: float = RHO):
        super().__init__()
        self.rho = nn.Parameter(torch.tensor(rho))

    def init(self, energy: Energy, x: Tensor) -> Split:
        require_splitting(type(self).__name__, energy)
        return Split(x, x, torch.zeros_like(x))

    def forward(self, energy: Energy, s: Split) -> Split:
        data: Any = energy.data
        return s._replace(x=data.minimise([(Identity(), s.z - s.u, self.rho)], s.x))


class GradientReconstruction(Step):
    """The x-update w - v A^H (A w - y) at w = z - u, v learned freely.

    Where A A^H = c I it is `Reconstruction` with v = 1 / (c + rho), by the matrix inversion lemma; the authors use it
    for natural images with every operator.
    """

    State = Split

    def __init__(self, v: float = 1 / (1 + RHO)):
        super().__init__()
        self.v = nn.Parameter(torch.tensor(v))

    def init(self, energy: Energy, x: Tensor) -> Split:
        if "grad" not in energy.data.offers():
            raise TypeError(f"ADMM-CSNet needs a data term with a gradient, got {type(energy.data).__name__}.")
        return Split(x, x, torch.zeros_like(x))

    def forward(self, energy: Energy, s: Split) -> Split:
        w = s.z - s.u
        return s._replace(x=w - self.v * energy.data.grad(w))


class LearnedProximalADMM(Step):
    """One stage of ADMM-CSNet: reconstruction, proximal map of the prior, multiplier, in this order.

    reconstruct: the x-update. The multiplier is u + eta (x - z), or m1 u + m2 x - m3 z where `free` (natural images).
    Born equal to ADMM with relax = eta; the prior's own step length is used (t = 1).
    """

    State = Split

    def __init__(self, reconstruct: Step, *, eta: float = ETA, free: bool = False):
        super().__init__()
        self.reconstruct = reconstruct
        self.eta = nn.Parameter(torch.tensor([1.0, eta, eta]) if free else torch.tensor(eta))

    def init(self, energy: Energy, x: Tensor) -> Split:
        start: Split = self.reconstruct.init(energy, x)
        return start

    def forward(self, energy: Energy, s: Split) -> Split:
        ((g, _),) = energy.priors
        x = self.reconstruct(energy, s).x
        z = g.prox(x + s.u, 1.0)
        if self.eta.ndim == 0:
            return Split(x, z, s.u + self.eta * (x - z))
        m1, m2, m3 = self.eta
        return Split(x, z, m1 * s.u + m2 * x - m3 * z)


class ADMMCSNet(nn.Module):
    """ADMM-CSNet on a least-squares data term: the image, (batch, height, width), real or complex, of any size.

    depth: full stages, each with `filters` filters of `size` pixels and their curves; a last reconstruction follows.
    steps, circular, complex_filters, open_ends: of the prior, see ShrinkageField. free: reconstruction by a gradient
    step and a multiplier with three numbers, as the authors have for natural images; without it the data term's own
    minimiser with rho. tied: all stages share their numbers. consistent: end by putting the measurement back,
    x + A^H (y - A x), for operators with A A^H = I. normalise: work at the scale where A^H y has maximum magnitude 1,
    so that scaling the measurement scales the image; scale: otherwise, what the measurement is divided by.
    """

    def __init__(
        self,
        depth: int,
        *,
        filters: int = 32,
        size: int = 5,
        gain: float = 0.1,
        steps: int = 1,
        circular: bool = False,
        complex_filters: bool = False,
        open_ends: bool = False,
        free: bool = False,
        tied: bool = False,
        consistent: bool = False,
        normalise: bool = True,
        scale: float = 1.0,
    ):
        super().__init__()
        self.normalise, self.scale, self.consistent = normalise, scale, consistent
        prior = ShrinkageField(
            filters, size, gain=gain, steps=steps, circular=circular, complex_filters=complex_filters,
            open_ends=open_ends,
        )  # fmt: skip
        last: Step = GradientReconstruction() if free else Reconstruction()
        step = LearnedProximalADMM(GradientReconstruction() if free else Reconstruction(), free=free)
        self.unrolled = Unroll(step, prior, depth=depth, tied=tied, last=last)
        with torch.no_grad():  # every stage has filters of its own
            for stage in list(self.unrolled.stages)[1:]:
                for bank in (stage.prior[0].analysis, stage.prior[0].synthesis):  # type: ignore[union-attr, index]
                    bank.normal_(0, float(bank.std()))

    def forward(self, data: LeastSquares) -> Tensor:
        start, scale = self._start(data)
        x: Tensor = self.unrolled(_scaled(data, scale), start)
        return self._finish(data, per_item(scale, x) * x)

    def trace(self, data: LeastSquares) -> list[Tensor]:
        """The image after every stage, the last reconstruction included."""
        start, scale = self._start(data)
        images = [per_item(scale, s.x) * s.x for s in self.unrolled.trace(_scaled(data, scale), start)]
        return [*images[:-1], self._finish(data, images[-1])]

    def look_inside(self) -> Inside:
        """Filters and curves of every stage (of the one that there is where they are tied), for the filters that weigh
        most, ||W1_c|| ||W2_c||; of complex filters real and imaginary parts, one after the other.
        """
        stages: Any = self.unrolled.stages
        filters, curves = [], []
        for prior in (stage.prior[0] for stage in stages):
            norms = [bank.detach().flatten(1).norm(dim=1) for bank in (prior.analysis, prior.synthesis)]
            strongest = (norms[0] * norms[1]).argsort(descending=True, stable=True)[: SHOWN // prior.analysis.shape[1]]
            filters.append(prior.analysis.detach()[strongest].flatten(0, 1))
            curves.append(prior.values.detach()[strongest])
        grid = torch.linspace(-REACH, REACH, curves[0].shape[-1])
        return Inside(torch.stack(filters), grid, torch.stack(curves), grid.relu(), len(stages[0].prior[0].bias))

    def _finish(self, data: LeastSquares, x: Tensor) -> Tensor:
        return x - data.grad(x) if self.consistent else x

    def _start(self, data: LeastSquares) -> tuple[Tensor, Tensor]:
        back = data.A.adjoint(data.y)
        start = torch.zeros_like(back)
        if not self.normalise:
            return start, back.real.new_full((len(back),), self.scale)
        largest = back.abs().flatten(1).amax(1)
        return start, torch.where(largest > 0, largest, 1)


def _scaled(data: LeastSquares, scale: Tensor) -> LeastSquares:
    return LeastSquares(data.A, data.y / per_item(scale, data.y), tol=data.tol, max_iter=data.max_iter)


def csnet_rate(name: str) -> float:
    """Learning rate of a parameter of ADMM-CSNet by its name (plain choices, not searched)."""
    last = name.rpartition(".")[2]
    return {"values": 1e-3, "rho": 3e-3, "v": 3e-3, "eta": 5e-3}.get(last, 2e-3)
