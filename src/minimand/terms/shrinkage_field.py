"""The learned prior of ADMM-CSNet."""

from functools import partial

import torch
from jaxtyping import Num
from torch import Tensor, nn

from minimand.algebra import on_parts
from minimand.kernels.shrinkage_field import shrinkage_field
from minimand.term import Term

REACH, POINTS = 1.0, 101  # the authors' control points


class ShrinkageField(Term):
    """A term known by its prox only, a gradient step with learned filters: v - W2 S(W1 v + b1) - b2.

    W1, W2: banks of `filters` filters of `size` x `size` pixels (cross-correlations), S a piecewise-linear curve a
    filter with 101 control points from -1 to 1. Born with normal filters, curves that are ReLUs and W2 scaled by `gain`
    (0: the identity). steps > 1: so many gradient steps z <- mu1 z + mu2 v - W2 S(W1 z + b1) - b2 from z = v with the
    same filters and mu1 = 1, mu2 = 0 at birth. circular: images go on periodically, not by zeros. open_ends: the slopes
    of the curves beyond their control points are kept with the numbers; they are 1 otherwise, and never learned here.
    Complex images: the filters act on real and imaginary part alike, or are complex themselves (`complex_filters`).
    Source: Yang et al. (2020), ADMM-CSNet, eqs. 10-14; steps = 1 is their code.
    """

    outer: Tensor

    def __init__(
        self,
        filters: int,
        size: int,
        *,
        gain: float = 1.0,
        steps: int = 1,
        circular: bool = False,
        complex_filters: bool = False,
        open_ends: bool = False,
    ):
        super().__init__()
        if filters < 1 or size < 3 or size % 2 == 0 or steps < 1:
            raise ValueError(
                f"ShrinkageField needs one filter or more of an odd size of at least 3, and one step or more, got "
                f"{filters} filters of size {size} and {steps} steps."
            )
        self.circular, self.complex_filters = circular, complex_filters
        parts = 2 if complex_filters else 1
        deviation = (2 / (size * size * filters * parts)) ** 0.5
        self.analysis = nn.Parameter(deviation * torch.randn(filters, parts, size, size))
        self.bias = nn.Parameter(torch.zeros(filters))
        self.values = nn.Parameter(torch.linspace(-REACH, REACH, POINTS).relu().repeat(filters, 1))
        self.synthesis = nn.Parameter(gain * deviation * torch.randn(filters, parts, size, size))
        self.mean = nn.Parameter(torch.zeros(()))
        self.register_buffer("outer", torch.ones(filters, 2), persistent=open_ends)
        self.mu = nn.Parameter(torch.tensor([1.0, 0.0]).repeat(steps, 1)) if steps > 1 else None

    def prox(self, v: Num[Tensor, "*batch height width"], t: Tensor | float) -> Num[Tensor, "*batch height width"]:
        if not (isinstance(t, (int, float)) and t == 1):
            return t * self.prox(v / t, 1.0)
        if self.mu is None:
            return v - self._pull(v)
        z = v
        for mu1, mu2 in self.mu:
            z = mu1 * z + mu2 * v - self._pull(z)
        return z

    def _pull(self, z: Tensor) -> Tensor:
        """W2 S(W1 z + b1) + b2."""
        if not self.complex_filters:
            field = partial(self._field, analysis=self.analysis, synthesis=self.synthesis, times=1)
            return on_parts(lambda part: field(part.unsqueeze(-3)).squeeze(-3), z)
        if not z.is_complex():
            raise ValueError("ShrinkageField has complex filters and takes complex images, got real ones.")
        a, b = self.analysis.split(1, dim=1)
        c, d = self.synthesis.split(1, dim=1)
        forth = torch.cat([torch.cat([a, -b], 1), torch.cat([b, a], 1)])  # (a + ib) z, real parts first
        back = torch.cat([torch.cat([c, d], 1), torch.cat([-d, c], 1)])
        real, imag = self._field(torch.stack([z.real, z.imag], -3), forth, back, 2).unbind(-3)
        return torch.complex(real, imag)

    def _field(self, planes: Tensor, analysis: Tensor, synthesis: Tensor, times: int) -> Tensor:
        numbers = (analysis, self.bias.repeat(times), self.values.repeat(times, 1), synthesis)
        cast = [n.to(planes.dtype) for n in numbers]
        outer = self.outer.repeat(times, 1).to(planes.dtype)
        images = planes.reshape(-1, *planes.shape[-3:])
        y = shrinkage_field(images, *cast, reach=REACH, outer=outer, circular=self.circular)
        return y.reshape(planes.shape) + self.mean

    @classmethod
    def specimens(cls) -> list["ShrinkageField"]:
        return [cls(3, 3, gain=0.0), cls(2, 5, gain=0.0, steps=2, circular=True)]
