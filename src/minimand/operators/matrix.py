"""A dense matrix as an operator."""

import torch
from jaxtyping import Num
from torch import Tensor

from minimand.operator import Operator


class Matrix(Operator):
    """y = M x on vectors, (batch, columns) to (batch, rows). matrix: (rows, columns), real or complex."""

    matrix: Tensor

    def __init__(self, matrix: Num[Tensor, "rows columns"]):
        super().__init__()
        self.register_buffer("matrix", matrix)

    def forward(self, x: Num[Tensor, "batch columns"]) -> Num[Tensor, "batch rows"]:
        return x @ self.matrix.mT

    def adjoint(self, y: Num[Tensor, "batch rows"]) -> Num[Tensor, "batch columns"]:
        return y @ self.matrix.conj()

    @classmethod
    def specimens(cls) -> list["Matrix"]:
        generator = torch.Generator().manual_seed(0)
        return [cls(torch.randn(4, 7, dtype=t, generator=generator)) for t in (torch.float64, torch.complex128)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        rows, columns = self.matrix.shape
        dtype = self.matrix.dtype
        return (
            torch.randn(batch, columns, dtype=dtype, generator=generator),
            torch.randn(batch, rows, dtype=dtype, generator=generator),
        )
