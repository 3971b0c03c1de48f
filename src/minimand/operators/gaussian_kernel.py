"""Gaussian kernels between the pixels of an image: the messages of a dense random field, bilateral weights."""

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.kernels.window_filter import offsets, pair, window_filter
from minimand.operator import Operator

Features = Float[Tensor, "batch features height width"]
Maps = Float[Tensor, "batch maps height width"]


class DenseKernel(Operator):
    """(K v)_i = sum_{j != i} exp(-1/2 |f_i - f_j|^2) v_j over all pixels, map by map: exact, and symmetric.

    features: f, one vector a pixel, already divided by the bandwidths; it fixes the size and, unless it has one item
    only, the batch. Memory: (height * width)^2 numbers an item, so for images up to some 80 x 60 pixels. self_weight:
    what stands in place of exp(0) = 1 for j = i.
    """

    features: Tensor
    matrix: Tensor

    def __init__(self, features: Features, self_weight: float = 0.0):
        super().__init__()
        f = features.flatten(2).mT
        matrix = torch.exp(-0.5 * torch.cdist(f, f, compute_mode="donot_use_mm_for_euclid_dist").square())
        matrix.diagonal(dim1=1, dim2=2).fill_(self_weight)
        self.self_weight = self_weight
        self.register_buffer("features", features)
        self.register_buffer("matrix", matrix)

    def forward(self, x: Maps) -> Maps:
        return (x.flatten(2) @ self.matrix).reshape(x.shape)

    def adjoint(self, y: Maps) -> Maps:
        return self(y)

    def items(self, which: slice | Tensor) -> "DenseKernel":
        return DenseKernel(self.features[which] if len(self.features) > 1 else self.features, self.self_weight)

    @classmethod
    def specimens(cls) -> list["DenseKernel"]:
        f = torch.randn(3, 2, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        return [cls(f[:1]), cls(f, 1.0)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return _example(len(self.matrix), (4, 5), batch, generator)


class WindowKernel(Operator):
    """The kernel of `DenseKernel` cut off beyond `radius` pixels along rows and columns; exact within.

    Memory: half of (2 radius + 1)^2 numbers a pixel, kept for all applications. features, self_weight: as there.
    """

    features: Tensor
    weights: Tensor

    def __init__(self, features: Features, radius: int, self_weight: float = 0.0):
        super().__init__()
        if radius < 1:
            raise ValueError(f"WindowKernel needs a radius of at least 1, got {radius}.")
        self.radius, self.self_weight = radius, self_weight
        self.register_buffer("features", features)
        self.register_buffer("weights", window_weights(features, radius))

    def forward(self, x: Maps) -> Maps:
        if x.shape[-2:] != self.weights.shape[-2:]:
            raise ValueError(
                f"WindowKernel was made for images of {tuple(self.weights.shape[-2:])} pixels, got {tuple(x.shape)}."
            )
        y = window_filter(x, self.weights.to(x), self.radius)
        return y + self.self_weight * x if self.self_weight else y

    def adjoint(self, y: Maps) -> Maps:
        return self(y)

    def items(self, which: slice | Tensor) -> "WindowKernel":
        part = self.features[which] if len(self.features) > 1 else self.features
        return WindowKernel(part, self.radius, self.self_weight)

    @classmethod
    def specimens(cls) -> list["WindowKernel"]:
        f = torch.randn(3, 2, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        return [cls(f[:1], 2), cls(f, 1, 1.0), cls(f[:1], 7)]

    def example(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return _example(len(self.weights), (4, 5), batch, generator)


def window_weights(features: Features, radius: int) -> Float[Tensor, "batch offsets height width"]:
    """exp(-1/2 |f_i - f_j|^2) of every pixel i and j = i + offset; 0 where j lies outside."""
    height, width = features.shape[-2:]
    found = features.new_zeros(len(features), len(offsets(radius)), height, width)
    for k, (down, right) in enumerate(offsets(radius)):
        if down >= height or abs(right) >= width:
            continue
        here, there = pair(down, right, height, width)
        apart = features[(..., *here)] - features[(..., *there)]
        found[(slice(None), k, *here)] = torch.exp(-0.5 * apart.square().sum(1))
    return found


def _example(items: int, size: tuple[int, int], batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = torch.randn(2, items if items > 1 else batch, 3, *size, dtype=torch.float64, generator=generator)
    return x, y
