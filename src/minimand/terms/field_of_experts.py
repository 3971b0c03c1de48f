"""A field of experts with learned filters and potentials."""

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn

from minimand.algebra import on_parts
from minimand.kernels.shrinkage_field import shrinkage_field
from minimand.operators import Convolution
from minimand.term import Term


class FieldOfExperts(Term):
    """sum_k sum_p rho_k((f_k * x)_p), f_k circular filters of mean zero, rho_k potentials given by their influence.

    The influence psi_k = rho_k' is piecewise linear with `points` control points from -reach to reach and constant
    beyond; it is born as that of Student's t, weight z / (1 + z^2 / 2), the potential weight log(1 + z^2 / 2), and is
    free when it is learned. filters: how many, 1 to size^2 - 1; size: odd. x: (batch, height, width); real and
    imaginary part alike. Raises ValueError for other numbers. Source: Roth and Black (2009), eqs. 9 and 16; free
    influence: Chen and Pock (2017).
    """

    zero: Tensor
    flat: Tensor

    def __init__(self, filters: int = 24, size: int = 5, *, weight: float = 0.1, reach: float = 20.0, points: int = 81):
        super().__init__()
        if not (weight > 0 and reach > 0 and points >= 3):
            raise ValueError(
                f"FieldOfExperts needs a positive weight and reach and 3 points or more, got weight {weight}, "
                f"reach {reach}, {points} points."
            )
        self.reach = reach
        self.bank = Convolution(filters, size)
        grid = torch.linspace(-reach, reach, points)
        self.values = nn.Parameter((weight * grid / (1 + grid.square() / 2)).repeat(filters, 1))
        self.register_buffer("zero", torch.zeros(filters), persistent=False)
        self.register_buffer("flat", torch.zeros(filters, 2), persistent=False)

    def forward(self, x: Num[Tensor, "batch height width"]) -> Float[Tensor, " batch"]:
        parts = torch.view_as_real(x.resolve_conj()).unbind(-1) if x.is_complex() else (x,)
        each = [potential(self.bank(part).flatten(2), self.values.to(part.dtype), self.reach) for part in parts]
        return sum((rho.flatten(1).sum(1) for rho in each[1:]), start=each[0].flatten(1).sum(1))

    def grad(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch height width"]:
        """sum_k f_k^T * psi_k(f_k * x), filters, curves and filters in one kernel."""
        dtype = x.real.dtype
        filters = self.bank.filters.to(dtype).unsqueeze(1)
        zero, values, flat = (t.to(dtype) for t in (self.zero, self.values, self.flat))
        analysis = filters.flip((-2, -1))

        def pull(part: Tensor) -> Tensor:
            planes = part.unsqueeze(1)
            return shrinkage_field(
                planes, analysis, zero, values, filters, reach=self.reach, outer=flat, circular=True
            ).squeeze(1)

        return on_parts(pull, x)

    @classmethod
    def specimens(cls) -> list["FieldOfExperts"]:
        return [cls(4, 3, weight=0.7, reach=3.0, points=9), cls(5, 5, reach=1.0, points=4)]

    def example(self, batch: int, generator: torch.Generator) -> Tensor:
        return torch.randn(batch, 7, 6, dtype=torch.float64, generator=generator)


def potential(
    z: Float[Tensor, "batch channels pixels"], values: Float[Tensor, "channels points"], reach: float
) -> Float[Tensor, "batch channels pixels"]:
    """The integral from -reach to z of every channel's influence: quadratic between control points, linear beyond."""
    width = 2 * reach / (values.shape[1] - 1)
    areas = width * (values[:, 1:] + values[:, :-1]) / 2
    before = torch.cat([torch.zeros_like(areas[:, :1]), areas.cumsum(1)], 1).expand(len(z), -1, -1)
    inside = z.clamp(-reach, reach)
    k = ((inside.detach() + reach) / width).long().clamp(0, values.shape[1] - 2)
    every = values.expand(len(z), -1, -1)
    left, right, start = every.gather(2, k), every.gather(2, k + 1), before.gather(2, k)
    along = inside - (k * width - reach)
    ends = torch.where(z < 0, values[:, :1], values[:, -1:])
    return start + along * (left + (right - left) * along / (2 * width)) + (z - inside) * ends
