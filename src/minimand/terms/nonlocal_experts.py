"""Experts on groups of similar patches: the non-local range Markov random field."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, Num
from torch import Tensor, nn
from torch.utils.weak import WeakTensorKeyDictionary

from minimand.algebra import on_parts
from minimand.kernels.block_matching import block_matching, most
from minimand.kernels.piecewise_linear import piecewise_linear
from minimand.operators import ChosenPatches
from minimand.operators.convolution import cosine_filters
from minimand.term import Term
from minimand.terms.field_of_experts import potential

COMPARED, WINDOW = 7, 15  # pixels: side of the patches that are compared, and of the square that is searched
_found = WeakTensorKeyDictionary()  # start of a network -> what was matched there, for all its stages


class NonLocalExperts(Term):
    """sum_k sum_p rho_k(sum_j (f_kj * x)(n_j(p))), n_0(p) = p and n_1(p), n_2(p), ... the pixels whose surroundings are
    most like those of p; with a group of one it is FieldOfExperts.

    filters: how many; size: of each, odd; group: how many pixels n_j there are. The whole of f_k0, f_k1, ... has mean
    zero. Born, the first size^2 - 1 are cosines at p alone and the rest differences of p and n_j; influence as in
    FieldOfExperts. `given` finds the similar pixels at the start, a little smoothed; they stay. x: (batch, height,
    width); real and imaginary part alike, but similar is what is so in both. Raises ValueError for other numbers.
    Source: Sun and Tappen (2011).
    """

    basis: Tensor

    def __init__(
        self,
        filters: int = 24,
        size: int = 5,
        group: int = 3,
        *,
        weight: float = 0.1,
        reach: float = 20.0,
        points: int = 31,
    ):
        super().__init__()
        if not (filters >= 1 and group >= 1 and weight > 0 and reach > 0 and points >= 3):
            raise ValueError(
                f"NonLocalExperts needs filters, a group, a positive weight and reach and 3 points or more, got "
                f"{filters} filters, a group of {group}, weight {weight}, reach {reach}, {points} points."
            )
        self.size, self.group, self.reach = size, group, reach
        self.numbers = weight, reach, points
        self.register_buffer("basis", sorted_cosines(size), persistent=False)
        self.coefficients = nn.Parameter(_born(filters, size * size, group))
        grid = torch.linspace(-reach, reach, points)
        self.values = nn.Parameter((weight * grid / (1 + grid.square() / 2)).repeat(filters, 1))
        self.patches: ChosenPatches | None = None

    @property
    def filters(self) -> Float[Tensor, "pixels filters"]:
        """f_k0, f_k1, ... one below the other, the pixels of each row by row."""
        constant = self.coefficients[:, :1]
        free = torch.cat([constant - constant.mean(0), self.coefficients[:, 1:]], 1)
        return torch.einsum("ap,jak->jpk", self.basis, free).flatten(0, 1)

    def given(self, data: Term, x: Num[Tensor, "batch height width"]) -> "NonLocalExperts":
        return self._on(ChosenPatches(similar(x, self.group, self.size), self.size, (x.shape[-2], x.shape[-1])))

    def forward(self, x: Num[Tensor, "batch height width"]) -> Float[Tensor, " batch"]:
        parts = torch.view_as_real(x.resolve_conj()).unbind(-1) if x.is_complex() else (x,)
        each = [potential(self._responses(part), self.values.to(part.dtype), self.reach) for part in parts]
        return sum((rho.flatten(1).sum(1) for rho in each[1:]), start=each[0].flatten(1).sum(1))

    def grad(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch height width"]:
        """sum_k sum_j F_kj^T S_j^T psi_k(r_k), S_j taking n_j for p. Raises TypeError before `given`."""
        return on_parts(self._pull, x)

    def _pull(self, x: Float[Tensor, "batch height width"]) -> Float[Tensor, "batch height width"]:
        inside = self._responses(x).clamp(-self.reach, self.reach)  # constant beyond
        psi = piecewise_linear(inside, self.values.to(x.dtype), self.reach)
        back = (psi.mT @ self.filters.to(x.dtype).mT).unflatten(2, (self.group, -1)).flatten(1, 2)
        return self._placed().adjoint(back)

    def items(self, which: slice | Tensor) -> "NonLocalExperts":
        return self if self.patches is None else self._on(self.patches.items(which))

    def _responses(self, x: Tensor) -> Float[Tensor, "batch filters pixels"]:
        """r_k(p)."""
        groups = self._placed()(x).unflatten(1, (-1, self.group)).flatten(2)
        return (groups @ self.filters.to(x.dtype)).mT

    def _placed(self) -> ChosenPatches:
        if self.patches is None:
            raise TypeError("NonLocalExperts knows no similar pixels before energy.given(x), which loops call.")
        return self.patches

    def _on(self, patches: ChosenPatches) -> "NonLocalExperts":
        """The same term, its numbers included, with its pixels found."""
        weight, reach, points = self.numbers
        term = NonLocalExperts(1, self.size, self.group, weight=weight, reach=reach, points=points)
        del (
            term.coefficients,
            term.values,
        )  # or plain tensors, as functional calls have them, could not take their place
        term.basis, term.coefficients, term.values = self.basis, self.coefficients, self.values
        term.patches = patches
        return term

    @classmethod
    def specimens(cls) -> list["NonLocalExperts"]:
        found = []
        for term in (cls(10, 3, 3, weight=0.7, reach=3.0, points=9), cls(5, 3, 2, reach=1.0, points=4)):
            x = term.example(1, torch.Generator().manual_seed(0))
            found.append(term.given(term, x))
        return found

    def example(self, batch: int, generator: torch.Generator) -> Tensor:
        return torch.randn(batch, 7, 6, dtype=torch.float64, generator=generator)


def similar(x: Num[Tensor, "batch height width"], group: int, size: int) -> Int64[Tensor, "batch patches 2"]:
    """Corners of the patches around every pixel and around the group - 1 pixels most like it, pixel by pixel.

    Compared are 7 x 7 pixels of x smoothed over 3 x 3, continued by reflection at the edges. Kept as long as x is.
    """
    kept = _found.setdefault(x, {})
    key = (0 if x.is_inference() else x._version, group, size)
    if key not in kept:
        wide = on_parts(_smoothed, x.detach())
        window = max(1, min(WINDOW, 2 * (min(x.shape[-2:]) // 2) - 1))
        count = min(group, most(wide.shape[-2], wide.shape[-1], COMPARED, window))
        found = block_matching(wide, COMPARED, step=1, window=window, count=count).positions
        found = torch.cat([found, found[:, :, :1].expand(-1, -1, group - count, -1)], 2)  # of images that hold too few
        sides = torch.tensor(x.shape[-2:], device=x.device)
        kept[key] = (found.flatten(1, 2) - size // 2).remainder(sides)
    corners: Tensor = kept[key]
    return corners


def _smoothed(x: Float[Tensor, "batch height width"]) -> Float[Tensor, "batch rows columns"]:
    smooth = F.avg_pool2d(F.pad(x[:, None], (1,) * 4, mode="replicate"), 3, stride=1)
    return F.pad(smooth, (COMPARED // 2,) * 4, mode="replicate")[:, 0]


def sorted_cosines(size: int) -> Float[Tensor, "atoms pixels"]:
    """The orthonormal cosines of size x size pixels, the constant first, then by frequency."""
    cosines = cosine_filters(size).flatten(1)
    power = torch.stack([c.reshape(size, size).diff(dim=d).square().sum() for c in cosines for d in (0, 1)])
    order = power.reshape(-1, 2).sum(1).argsort(stable=True)
    return torch.cat([torch.full((1, size * size), 1 / size), cosines[order]])


def wider(coefficients: Float[Tensor, "group atoms filters"], group: int) -> Float[Tensor, "more atoms filters"]:
    """The coefficients of the same experts on a larger group: the pixels that come along are not looked at yet."""
    constant = coefficients[:, :1]
    free = torch.cat([constant - constant.mean(0), coefficients[:, 1:]], 1)
    return torch.cat([free, free.new_zeros(group - len(free), *free.shape[1:])])


def _born(filters: int, atoms: int, group: int) -> Float[Tensor, "group atoms filters"]:
    """Coefficients: cosines at p alone as long as there are new ones, then differences of p and n_j."""
    c = torch.zeros(group, atoms, filters)
    for k in range(filters):
        if k < atoms - 1:
            c[0, k + 1, k] = 1
        elif group > 1:
            atom, j = divmod(k - atoms + 1, group - 1)
            c[0, atom % atoms, k], c[j + 1, atom % atoms, k] = 0.5**0.5, -(0.5**0.5)
    return c
