"""Fourier samples off the grid: radial, spiral and any other trajectory."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Complex, Float, Num
from torch import Tensor

from minimand.operator import Operator

EPSILON = {torch.complex64: 1e-6, torch.complex128: 1e-14}  # relative accuracy asked of the transform


class NonUniformFourier(Operator):
    """Unitarily scaled Fourier transform at any frequencies, y_j = n^(-1/2) sum_p x_p exp(-2 pi i <k_j, p - o>).

    points: frequencies k_j in cycles a pixel, (samples, 2) for rows and columns, usually within +-1/2. size: (height,
    width); the origin o is the middle, pixel (height // 2, width // 2). One trajectory for the whole batch; computed on
    the CPU by FINUFFT (the extra `nufft`).
    Raises ImportError without it, and ValueError for points of another shape. Source: Fessler and Sutton (2003); the
    transform: Barnett, Magland, af Klinteberg (2019).
    """

    needs = "finufft"
    points: Tensor

    def __init__(self, points: Float[Tensor, "samples 2"], size: tuple[int, int]):
        super().__init__()
        _library()
        if points.ndim != 2 or points.shape[1] != 2 or not bool(torch.isfinite(points).all()):
            raise ValueError(f"NonUniformFourier needs finite points (samples, 2), got {tuple(points.shape)}.")
        self.size = size
        self.register_buffer("points", points.double())

    def forward(self, x: Num[Tensor, "batch height width"]) -> Complex[Tensor, "batch samples"]:
        if tuple(x.shape[-2:]) != self.size:
            raise ValueError(f"NonUniformFourier was built for images of {self.size} pixels, got {tuple(x.shape)}.")
        y: Tensor = _Pair.apply(x if x.is_complex() else torch.complex(x, torch.zeros_like(x)), self, False)
        return y

    def adjoint(self, y: Complex[Tensor, "batch samples"]) -> Complex[Tensor, "batch height width"]:
        x: Tensor = _Pair.apply(y, self, True)
        return x

    def apply_plain(self, values: Tensor, back: bool) -> Tensor:
        """The transform or its adjoint without a graph."""
        finufft, dtype = _library(), values.dtype
        array = np.ascontiguousarray(values.detach().resolve_conj().cpu().numpy())
        angles = 2 * np.pi * self.points.cpu().numpy()
        real = np.float32 if dtype == torch.complex64 else np.float64
        rows, columns = (np.ascontiguousarray(angles[:, k], real) for k in (0, 1))
        options = {"eps": EPSILON[dtype], "nthreads": torch.get_num_threads()}
        if back:
            result = finufft.nufft2d1(rows, columns, array, self.size, isign=1, **options)
        else:
            result = finufft.nufft2d2(rows, columns, array, isign=-1, **options)
        result = result.reshape(len(array), *(self.size if back else (len(rows),)))
        return torch.from_numpy(result).to(values.device) / (self.size[0] * self.size[1]) ** 0.5

    @classmethod
    def specimens(cls) -> list["NonUniformFourier"]:
        try:
            _library()
        except ImportError:
            return []
        return [cls(torch.rand(11, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) - 0.5, (6, 5))]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return (
            torch.randn(batch, *self.size, dtype=torch.complex128, generator=generator),
            torch.randn(batch, len(self.points), dtype=torch.complex128, generator=generator),
        )


class _Pair(torch.autograd.Function):
    """The transform or its adjoint, each the backward pass of the other."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, operator: NonUniformFourier, back: bool) -> Tensor:
        ctx.operator, ctx.back = operator, back
        return operator.apply_plain(values, back)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        return _Pair.apply(gradients[0], ctx.operator, not ctx.back), None, None


def _library() -> Any:
    try:
        import finufft
    except ImportError:
        raise ImportError(
            "NonUniformFourier needs FINUFFT, which is not installed; run: pip install 'minimand[nufft]'."
        ) from None
    return finufft
