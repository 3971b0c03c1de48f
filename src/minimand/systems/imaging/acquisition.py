"""Compressive measurements as a way of measuring images, for comparisons and training."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from minimand.io import InputError
from minimand.operator import Operator
from minimand.operators import Diffraction
from minimand.operators.sensing import parse_operator
from minimand.reconstruction.acquisition import Acquisition, Measure
from minimand.reconstruction.white import white_levels
from minimand.terms import LeastSquares

Draw = Callable[[tuple[int, int], int], Operator]  # (size, seed) -> operator on real images


def read_operator(spec: str) -> Draw:
    """Operators by size and seed from `hadamard:R`, `diffraction:R`, `structural:R`, `blocks:R` or `orthogonal:R`.

    Raises InputError for a bad spec at once, and later for a size that this operator cannot have.
    """
    if not spec.strip():
        raise InputError(
            "the operator is empty; write hadamard:R, diffraction:R, structural:R, blocks:R, orthogonal:R."
        )

    def draw(size: tuple[int, int], seed: int) -> Operator:
        try:
            return parse_operator(spec, size, seed=seed)
        except ValueError as error:
            raise InputError(str(error)) from error

    draw((8, 8), 0)  # a mistake is told now
    return draw


def sensed(
    images: Tensor, A: Operator, noise: float = 0.0, generator: torch.Generator | None = None
) -> LeastSquares:  # fmt: skip
    """The data term of real images. noise: standard deviation of every real number measured, in units of the images."""
    if images.is_complex():
        raise InputError("--operator measures real images, got complex ones; use --mask for those.")
    y = A(images)
    if noise > 0:
        parts = [torch.randn(y.shape, generator=generator, dtype=y.real.dtype) for _ in range(1 + y.is_complex())]
        y = y + noise * (torch.complex(*parts) if y.is_complex() else parts[0])
    return LeastSquares(A, y)


def sensed_by(draw: Draw, seed: int = 0, noise: float = 0.0) -> Measure:
    """Every image of a size by the same operator, drawn with `seed`."""
    return lambda images, generator: sensed(images, draw(_size(images), seed), noise, generator)


def sensed_in_turn(draws: Sequence[Draw]) -> Measure:
    """Every mini-batch by an operator of its own, of one of the kinds: a network must not learn one draw by heart."""

    def measure(images: Tensor, generator: torch.Generator) -> LeastSquares:
        kind = int(torch.randint(len(draws), (), generator=generator))
        seed = int(torch.randint(2**31, (), generator=generator))
        return sensed(images, draws[kind](_size(images), seed))

    return measure


def acquisition(specs: Sequence[str]) -> Acquisition:
    """What a network learns from operators by spec. Raises InputError as `read_operator` does."""
    draws = [read_operator(spec) for spec in specs]

    def rates(size: tuple[int, int]) -> list[float]:
        image = torch.zeros(1, *size)
        return [draw(size, 0)(image).shape[1] / (size[0] * size[1]) for draw in draws]

    trials = {spec: sensed_by(draw) for spec, draw in zip(specs, draws, strict=True)}
    return Acquisition(sensed_in_turn(draws), trials, rates, white_levels)


def frequencies_picture(A: Operator) -> Tensor | None:
    """The frequencies that coded diffraction picks, (height, width), zero frequency in the centre; None for others."""
    return torch.fft.fftshift(A.picked).cpu() if isinstance(A, Diffraction) else None


def _size(images: Tensor) -> tuple[int, int]:
    return images.shape[-2], images.shape[-1]
