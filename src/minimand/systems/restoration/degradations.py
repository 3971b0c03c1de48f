"""What spoils a picture: blur, missing pixels, the colour filters of a camera, each as an operator."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minimand.io import InputError, read_array
from minimand.io.masks import fit_mask, read_mask
from minimand.operator import Identity, Operator, Selected
from minimand.operators import Blur, Mosaic
from minimand.operators.blur import gaussian_kernel, motion_kernel
from minimand.operators.mosaic import PATTERNS

SPECS = "blur:SIGMA, blur:FILE, motion:LENGTH:ANGLE, mask:FILE, mosaic or mosaic:PATTERN"
WIDEST = 999  # pixels of a kernel


@dataclass(frozen=True)
class Degradation:
    """One of a kernel (blur), a mask (True where a pixel is known) and a pattern of colour filters (mosaic)."""

    kernel: Float[Tensor, "rows columns"] | None = None
    known: Bool[Tensor, "height width"] | None = None
    pattern: str | None = None

    @property
    def edge(self) -> tuple[int, int]:
        """How many rows and columns beyond the picture are seen in it."""
        return (0, 0) if self.kernel is None else (self.kernel.shape[0] // 2, self.kernel.shape[1] // 2)

    def operator(self, size: tuple[int, int], *, periodic: bool = True) -> Operator:
        """The operator on pictures of `size`; without `periodic`, on those with an edge around them, of which only the
        middle is measured.
        """
        if self.pattern is not None:
            return Mosaic(self.pattern)
        if self.known is not None:
            return Selected(Identity(), self.known[None])
        assert self.kernel is not None
        if periodic:
            return Blur(self.kernel)
        down, across = self.edge
        keep = torch.zeros(1, size[0] + 2 * down, size[1] + 2 * across, dtype=torch.bool)
        keep[:, down : down + size[0], across : across + size[1]] = True
        return Selected(Blur(self.kernel), keep)


def parse_degradation(text: str, size: tuple[int, int]) -> Degradation:
    """The degradation that a text names, for pictures of `size`: `blur:1.6` (Gaussian, standard deviation in pixels),
    `blur:kernel.npy`, `motion:9:30` (length in pixels, degrees anticlockwise from the row), `mask:known.png` (true or
    white where pixels are known), `mosaic:grbg` (rggb unless named).

    Raises InputError for other words, numbers out of range, kernels larger than the picture and masks of another size.
    """
    kind, _, rest = text.partition(":")
    if kind == "mosaic" and (rest or "rggb") in PATTERNS:
        return Degradation(pattern=rest or "rggb")
    if kind == "mask" and rest:
        return Degradation(known=torch.from_numpy(fit_mask(read_mask(rest), rest, 1, size)))
    numbers = _numbers(rest.split(":"))
    if numbers and not (numbers[0] > 0 and np.isfinite(numbers).all()):
        raise InputError(f"--degradation {text}: write {SPECS}; lengths are positive, angles in degrees.")
    if kind == "motion" and len(numbers) == 2:
        length, angle = numbers
        side = 2 * int(np.ceil(length) // 2) + 1
        _require_fit(text, side, size)
        return Degradation(motion_kernel(length, angle, side))
    if kind == "blur" and len(numbers) == 1:
        side = 2 * int(np.ceil(3 * numbers[0])) + 1
        _require_fit(text, side, size)
        return Degradation(gaussian_kernel(numbers[0], side))
    if kind == "blur" and rest:
        return Degradation(_read_kernel(rest, size))
    raise InputError(f"--degradation {text}: write {SPECS}.")


def _numbers(words: list[str]) -> list[float]:
    """The numbers that words are; none where one is not."""
    try:
        return [float(word) for word in words]
    except ValueError:
        return []


def _require_fit(text: str, side: int, size: tuple[int, int]) -> None:
    """Raise InputError for a kernel that is larger than the picture."""
    if side > min(*size, WIDEST):
        raise InputError(
            f"{text}: its kernel has {side:.4g} x {side:.4g} pixels, the picture {size[0]} x {size[1]}; the kernel "
            f"must be the smaller one, and {WIDEST} at most."
        )


def _read_kernel(spec: str, size: tuple[int, int]) -> Float[Tensor, "rows columns"]:
    """A kernel from a file, its sum made 1, with a row or column of zeros where that makes its sides odd."""
    stored = read_array(spec)
    kernel = np.asarray(stored.array)
    if stored.channels or kernel.ndim != 2 or kernel.dtype.kind not in "fiub":
        raise InputError(f"{stored.name}: a kernel is real, (rows, columns), got {kernel.dtype} of {kernel.shape}.")
    kernel = kernel.astype(np.float64)
    total = kernel.sum()
    if not (np.isfinite(total) and total > 0):
        raise InputError(f"{stored.name}: a kernel has finite numbers with a positive sum, got {total:g}.")
    for side, most in zip(kernel.shape, size):
        if side > most:
            shape = " x ".join(map(str, kernel.shape))
            raise InputError(f"{stored.name}: the kernel has {shape} pixels, the picture {size[0]} x {size[1]}.")
    kernel = np.pad(kernel, [(0, 1 - n % 2) for n in kernel.shape])
    return torch.from_numpy(kernel / total).to(torch.get_default_dtype())
