"""Between the numbers in files and the -1 to 1 of networks: MR by its own range, CT by one range for all."""

from collections.abc import Sequence
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from minimand.io import InputError
from minimand.systems.synthesis.subjects import Subject

BRIGHT_MR, BRIGHT_CT = 0.995, 0.9995  # share of voxels that are darker than what counts as 1

Volume = Float[Tensor, "*shape"]


class Range(NamedTuple):
    """The values of CT, in HU or grey levels, that stand for -1 and 1."""

    low: float
    high: float

    def unit(self, ct: Volume) -> Volume:
        """CT from -1 to 1; what lies outside is cut."""
        return (2 * (ct - self.low) / (self.high - self.low) - 1).clamp(-1, 1)

    def value(self, unit: Volume) -> Volume:
        """The inverse of `unit`."""
        return self.low + (unit + 1) / 2 * (self.high - self.low)


def unit_mr(subject: Subject) -> Float[Tensor, "slices height width"]:
    """MR from -1, its least value, to 1, a value that 99.5 % of its voxels do not pass. Raises InputError if it is
    the same everywhere.
    """
    low, high = float(subject.volume.min()), _quantile(subject.volume, BRIGHT_MR)
    high = high if high > low else float(subject.volume.max())
    if high == low:
        raise InputError(f"{subject.name}: this MR is {low:g} everywhere; an image is needed.")
    return (2 * (subject.volume - low) / (high - low) - 1).clamp(-1, 1)


def ct_range(subjects: Sequence[Subject]) -> Range:
    """From the least value of all to one that 99.95 % of the voxels do not pass. Raises InputError."""
    low = min(float(subject.volume.min()) for subject in subjects)
    high = max(_quantile(subject.volume, BRIGHT_CT) for subject in subjects)
    if high <= low:
        raise InputError(f"{subjects[0].name}: CT is {low:g} everywhere; images are needed.")
    return Range(low, high)


def _quantile(volume: Volume, share: float) -> float:
    """torch.quantile without its limit on the number of elements."""
    values = volume.flatten()
    return float(values.kthvalue(max(1, round(share * len(values)))).values)
