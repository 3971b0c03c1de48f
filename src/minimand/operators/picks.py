"""Random rows of an orthonormal transform: how many, which, and back again."""

from collections.abc import Sequence

import torch
from jaxtyping import Num
from torch import Tensor


def row_count(pixels: int, rate: float) -> int:
    """How many measurements a rate means, at least one. Raises ValueError for a rate outside (0, 1]."""
    if not 0 < rate <= 1:
        raise ValueError(f"sensing needs a rate in (0, 1], got {rate:g}.")
    return max(1, round(rate * pixels))


def check_picks(name: str, picks: Tensor, rows: int) -> None:
    """Raise ValueError unless `picks` are different rows of a transform with so many."""
    if not len(picks) or picks.min() < 0 or picks.max() >= rows or len(picks.unique()) < len(picks):
        raise ValueError(f"{name} picks different rows from 0 to {rows - 1}, got {len(picks)} numbers that are not so.")


def check_image(name: str, x: Tensor, size: Sequence[int]) -> None:
    """Raise ValueError for images of another size than an operator was made for."""
    if tuple(x.shape[-2:]) != tuple(size):
        raise ValueError(
            f"{name} measures images of {size[0]}x{size[1]} pixels, got x of shape {tuple(x.shape)}; crop x or build "
            "the operator for this size."
        )


def spread(y: Num[Tensor, "batch rows"], picks: Tensor, length: int) -> Num[Tensor, "batch length"]:
    """Measurements put at their rows, zeros elsewhere: the adjoint of picking."""
    return torch.zeros(len(y), length, dtype=y.dtype, device=y.device).index_copy(1, picks, y)
