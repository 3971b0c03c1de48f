"""Structurally random matrices: dense sensing at the cost of a fast transform."""

from functools import lru_cache

import torch
from jaxtyping import Int, Int8, Num
from torch import Tensor

from minimand.operator import Operator
from minimand.operators.picks import check_image, check_picks, row_count, spread


class StructuredRandom(Operator):
    """y = (C (signs * x))[picks], C the orthonormal two-dimensional cosine transform. A A^H = I at every size.

    signs: 1 and -1, (height, width). picks: rows of the flattened transform. Random signs spread every image over all
    rows, so that none is special. Raises ValueError for other signs, wrong picks and images of another size.
    Source: Do, Gan, Nguyen, Tran (2012), with the local randomiser.
    """

    coisometry = 1.0
    signs: Tensor
    picks: Tensor

    def __init__(self, signs: Int8[Tensor, "height width"], picks: Int[Tensor, " rows"]):
        super().__init__()
        check_picks("StructuredRandom", picks, signs.numel())
        if not bool((signs.abs() == 1).all()):
            raise ValueError("StructuredRandom needs signs that are 1 or -1.")
        self.register_buffer("signs", signs)
        self.register_buffer("picks", picks)

    def forward(self, x: Num[Tensor, "batch height width"]) -> Num[Tensor, "batch rows"]:
        check_image("StructuredRandom", x, self.signs.shape)
        rows, columns = (_cosines(n, x.dtype, x.device) for n in self.signs.shape)
        return (rows @ (self.signs * x) @ columns.mT).flatten(1).index_select(1, self.picks)

    def adjoint(self, y: Num[Tensor, "batch rows"]) -> Num[Tensor, "batch height width"]:
        rows, columns = (_cosines(n, y.dtype, y.device) for n in self.signs.shape)
        plane = spread(y, self.picks, self.signs.numel()).unflatten(1, self.signs.shape)
        return self.signs * (rows.mT @ plane @ columns)

    @classmethod
    def specimens(cls) -> list["StructuredRandom"]:
        return [random_structured((5, 6), 0.4, seed=0)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return (
            torch.randn(batch, *self.signs.shape, dtype=torch.complex128, generator=generator),
            torch.randn(batch, len(self.picks), dtype=torch.complex128, generator=generator),
        )


def random_structured(size: tuple[int, int], rate: float, *, seed: int) -> StructuredRandom:
    """Signs and max(1, round(rate * pixels)) rows drawn at random."""
    generator = torch.Generator().manual_seed(seed)
    signs = 1 - 2 * torch.randint(2, size, generator=generator, dtype=torch.int8)
    picks = torch.randperm(size[0] * size[1], generator=generator)[: row_count(size[0] * size[1], rate)]
    return StructuredRandom(signs, picks)


@lru_cache(maxsize=16)
def _cosines(n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The orthonormal cosine transform (DCT-II) as a matrix, frequency by position."""
    k, t = torch.meshgrid(*(torch.arange(n, dtype=torch.float64),) * 2, indexing="ij")
    C = torch.cos(torch.pi * (2 * t + 1) * k / (2 * n)) * (2 / n) ** 0.5
    C[0] = n**-0.5
    return C.to(device, dtype)
