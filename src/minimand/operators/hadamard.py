"""Walsh-Hadamard sensing: what a single-pixel camera measures."""

from functools import lru_cache

import torch
from jaxtyping import Int, Num
from torch import Tensor

from minimand.algebra import on_parts
from minimand.operator import Operator
from minimand.operators.picks import check_image, check_picks, row_count, spread

SIDE = 16  # of the matrices that the transform is a Kronecker product of


class Hadamard(Operator):
    """Rows of a Walsh-Hadamard transform of permuted pixels, y = (W x[permutation])[picks]. A A^H = I at every size.

    size: (height, width). permutation: of the pixels, row by row. picks: rows of W in order of sequency, row 0 the mean
    grey level (times a constant). W is orthonormal; where the number of pixels n is no power of two it is block
    diagonal, with one transform for every power of two in n (the binary digits of n, largest first).
    Raises ValueError for a permutation or picks that are none, and for images of another size.
    Source: Duarte et al. (2008); rows as in Yang et al. (2020), sec. 5.4.
    """

    coisometry = 1.0
    permutation: Tensor
    inverse: Tensor
    rows: Tensor

    def __init__(self, size: tuple[int, int], permutation: Int[Tensor, " pixels"], picks: Int[Tensor, " rows"]):
        super().__init__()
        self.size, pixels = size, size[0] * size[1]
        check_picks("Hadamard", picks, pixels)
        if not torch.equal(permutation.sort().values, torch.arange(pixels)):
            raise ValueError(f"Hadamard needs a permutation of the {pixels} pixels; use torch.randperm.")
        self.register_buffer("permutation", permutation)
        self.register_buffer("inverse", permutation.argsort(), persistent=False)
        self.register_buffer("rows", _natural_rows(pixels)[picks])

    def forward(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch rows"]:
        check_image("Hadamard", x, self.size)
        permuted = x.flatten(1).index_select(1, self.permutation)
        return on_parts(_transform, permuted).index_select(1, self.rows)

    def adjoint(self, y: Num[Tensor, "batch rows"]) -> Num[Tensor, "batch height width"]:
        transformed = spread(y, self.rows, self.size[0] * self.size[1])
        return on_parts(_transform, transformed).index_select(1, self.inverse).unflatten(1, self.size)

    @classmethod
    def specimens(cls) -> list["Hadamard"]:
        return [random_hadamard((4, 8), 0.4, seed=0), random_hadamard((5, 7), 0.5, seed=1, mean=False)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return (
            torch.randn(batch, *self.size, dtype=torch.complex128, generator=generator),
            torch.randn(batch, len(self.rows), dtype=torch.complex128, generator=generator),
        )


def random_hadamard(size: tuple[int, int], rate: float, *, seed: int, mean: bool = True) -> Hadamard:
    """Permutation and max(1, round(rate * pixels)) rows drawn at random; with the mean grey level among them.

    A real camera gets the mean from one exposure with all mirrors on. mean=False leaves it out, as the authors of
    ADMM-CSNet do, so that a reconstruction has to guess it.
    """
    pixels = size[0] * size[1]
    generator = torch.Generator().manual_seed(seed)
    permutation = torch.randperm(pixels, generator=generator)
    count = row_count(pixels, rate)
    constant = torch.tensor([first for first, _ in _powers_of_two(pixels)])  # the constant row of every block
    varying = torch.ones(pixels, dtype=torch.bool).index_fill(0, constant, False).nonzero().squeeze(1)
    drawn = varying[torch.randperm(len(varying), generator=generator)]
    order = [constant, drawn] if mean else [drawn, constant]
    return Hadamard(size, permutation, torch.cat(order)[:count])


def walsh_hadamard(x: Num[Tensor, "*batch n"]) -> Num[Tensor, "*batch n"]:
    """The orthonormal transform along the last axis, n a power of two, in natural (Sylvester's) order; its own inverse.

    W of order n is a Kronecker product of small ones: a matrix product for each, O(n log n) in all.
    """
    shape, n, done = x.shape, x.shape[-1], 1
    while done < n:
        side = min(SIDE, n // done)
        W = _sylvester(side, x.dtype, x.device)
        x = x.reshape(-1, side) @ W if done == 1 else W @ x.reshape(-1, side, done)
        done *= side
    return x.reshape(shape)


def sequency_order(n: int) -> Int[Tensor, " n"]:
    """For every number of sign changes 0 ... n - 1 the row of the natural order that has it: bits of the Gray code,
    reversed.
    """
    s = torch.arange(n)
    gray, rows = s ^ (s >> 1), torch.zeros_like(s)
    for bit in range(n.bit_length() - 1):
        rows = rows * 2 + ((gray >> bit) & 1)
    return rows


def _transform(x: Tensor) -> Tensor:
    """The transform of each power of two in the number of pixels."""
    parts = [walsh_hadamard(x[:, first : first + n]) for first, n in _powers_of_two(x.shape[1])]
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)


def _powers_of_two(pixels: int) -> list[tuple[int, int]]:
    """First index and length of each power of two in the binary form of `pixels`, largest first."""
    parts, first = [], 0
    for n in (2**k for k in reversed(range(pixels.bit_length())) if pixels >> k & 1):
        parts.append((first, n))
        first += n
    return parts


def _natural_rows(pixels: int) -> Tensor:
    """Row in the natural order of every row in the order of sequency, block by block."""
    return torch.cat([first + sequency_order(n) for first, n in _powers_of_two(pixels)])


@lru_cache(maxsize=32)
def _sylvester(side: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    W = torch.ones(1, 1, dtype=torch.float64)
    while len(W) < side:
        W = torch.cat([torch.cat([W, W], 1), torch.cat([W, -W], 1)]) / 2**0.5
    return W.to(device, dtype)
