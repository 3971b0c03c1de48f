"""From samples to images: slices in batches, real images recognised, warnings where a network leaves its card."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from minimand.operators import Fourier
from minimand.systems.mri.methods import Method
from minimand.terms import LeastSquares

BATCH_PIXELS = 4 * 256 * 256  # a batch holds about so many pixels: large enough to be fast, small enough for the caches
SYMMETRY = 1e-4  # relative difference of y(-k) and conj y(k) below which an image counts as real


@dataclass(frozen=True)
class Reconstructed:
    """Images, (slices, height, width), real where the k-space is that of real images; seconds a slice."""

    images: Tensor
    seconds: float


def reconstruct(
    kspace: Tensor,
    mask: Tensor,
    method: Method,
    *,
    real: bool | None = None,
    warm: bool = False,
    show: Callable[[int], None] = lambda done: None,
) -> Reconstructed:
    """Reconstruct every slice by itself.

    kspace: (slices, height, width), complex, unitary scaling, zero frequency at [0, 0], any units. mask: bool, (height,
    width) or one a slice. real: whether the images are real; found from the symmetry of k-space where None.
    warm: run the first batch once before the clock starts. show: told the number of slices done.
    """
    if real is None:
        real = is_real(kspace, mask)
    length = max(1, BATCH_PIXELS // (kspace.shape[-1] * kspace.shape[-2]))
    batches = range(0, len(kspace), length)
    if warm:
        method.run(data_term(kspace[:length], mask if mask.ndim == 2 else mask[:length], real))
    images, started = [], time.perf_counter()
    for first in batches:
        part = slice(first, first + length)
        images.append(method.run(data_term(kspace[part], mask if mask.ndim == 2 else mask[part], real)))
        show(min(first + length, len(kspace)))
    return Reconstructed(torch.cat(images), (time.perf_counter() - started) / len(kspace))


def data_term(kspace: Tensor, mask: Tensor, real: bool) -> LeastSquares:
    """1/2 ||M F x - y||^2 of a batch of slices."""
    return LeastSquares(Fourier(mask, real=real), kspace)


def is_real(kspace: Tensor, mask: Tensor) -> bool:
    """Whether y(-k) = conj y(k) wherever both were sampled (a tenth of the samples at least): images without phase."""
    mirrored, both = _mirror(kspace).conj(), mask & _mirror(mask)
    if both.sum() < 0.1 * mask.sum():
        return False
    largest = kspace.abs().max()  # squares of very large and very small numbers leave single precision
    kspace, mirrored = kspace / largest, mirrored / largest
    difference, size = (torch.where(both, part, 0).norm() for part in (kspace - mirrored, kspace))
    return bool(difference <= SYMMETRY * size)


def card_warnings(method: Method, size: tuple[int, int], rate: float) -> list[str]:
    """What the card of a learned method does not cover: another size or sampling rate than it was trained on or
    tested.
    """
    card = method.card
    warnings = []
    if suits := card.get("suits"):
        low, high = suits
        if not low - 0.02 <= rate <= high + 0.02:
            warnings.append(
                f"{method.name}: the network is for rates of {low:.0%} to {high:.0%}, this scan has {rate:.1%}; "
                "compare with --method tv."
            )
    if sides := card.get("sides"):
        low, high = sides
        if min(size) < low or max(size) > high:
            warnings.append(
                f"{method.name}: the network was tested on sides of {low} to {high} pixels, this scan has "
                f"{size[0]} x {size[1]}; look at the result beside --method tv."
            )
    return warnings


def _mirror(x: Tensor) -> Tensor:
    """The value at -k for every frequency k."""
    return x.flip((-2, -1)).roll((1, 1), (-2, -1))
