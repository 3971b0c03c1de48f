"""Which CT slice an MR slice meets in training."""

from collections.abc import Callable, Sequence

import torch

JITTER = 5  # slices to either side of the same position

Place = tuple[int, int]  # number of a volume, number of a slice in it
Pick = Callable[[Place, Sequence[int], Sequence[int], torch.Generator], Place]


def any_slice(at: Place, mr: Sequence[int], ct: Sequence[int], generator: torch.Generator) -> Place:
    """A random slice of a random CT volume. mr, ct: numbers of slices of the volumes; at: of the MR slice."""
    volume = _random(len(ct), generator)
    return volume, _random(ct[volume], generator)


def same_position(at: Place, mr: Sequence[int], ct: Sequence[int], generator: torch.Generator) -> Place:
    """A slice at about the same position, T(i) = [i (K_CT - 1) / (K_MR - 1)] + m with m from -5 to 5, in a random CT
    volume of another number where there is one. Source: Yang et al. (2018), sec. 2.4.
    """
    others = [k for k in range(len(ct)) if k != at[0]] or [0]
    volume = others[_random(len(others), generator)]
    straight = round(at[1] * (ct[volume] - 1) / max(mr[at[0]] - 1, 1))
    index = straight + _random(2 * JITTER + 1, generator) - JITTER
    return volume, min(max(index, 0), ct[volume] - 1)


def matching_slice(at: Place, mr: Sequence[int], ct: Sequence[int], generator: torch.Generator) -> Place:
    """The CT slice of the same number in the volume of the same number: pairs, for networks to be measured against."""
    return at


def _random(count: int, generator: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=generator))
