"""Comparison of methods on images whose measurement is simulated: every image by every method, scored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from minimand.metrics import Scores, score
from minimand.reconstruction.acquisition import Measure, fixed
from minimand.reconstruction.methods import Method, get_method
from minimand.reconstruction.reconstruct import reconstruct
from minimand.terms import LeastSquares


@dataclass(frozen=True)
class Compared:
    """What each method made of each image.

    images: truths at peak 1; data: what was measured of each, a batch of one; methods: by name; results:
    method -> its images; scores: method -> Scores of shape (images,); seconds: method -> seconds an image after
    warm-up.
    """

    images: list[Tensor]
    data: list[LeastSquares]
    methods: dict[str, Method]
    results: dict[str, list[Tensor]]
    scores: dict[str, Scores]
    seconds: dict[str, float]

    def table(self) -> dict[str, dict[str, float]]:
        """Means over the images, as `--json` gives them."""
        return {
            name: {**{f: float(values.mean()) for f, values in s._asdict().items()}, "seconds": self.seconds[name]}
            for name, s in self.scores.items()
        }


def compare(
    arrays: Sequence[np.ndarray],
    measure: Measure,
    methods: Sequence[str],
    *,
    weights: str | None = None,
    network: str | None = None,
    peaks: Sequence[float] | None = None,
    seed: int = 0,
    show: Callable[[str, int], None] = lambda method, done: None,
) -> Compared:
    """Measure each image, reconstruct it by each method, score it with its peak as 1.

    Scores: NMSE of the complex image, PSNR (peak 1) and SSIM of magnitudes. arrays: (height, width) each, real or
    complex; a real image is reconstructed as real. weights: for the method `network` that their card names. peaks: what
    counts as 1 in each image, without them its maximum magnitude. seed: of the generator that `measure` gets, anew for
    the images of each size. show: told the method and the images done.
    """
    images = at_peak_one(arrays, peaks)
    chosen = {name: get_method(name, weights=weights if name == network else None) for name in methods}
    groups = [(members, fixed(measure, _stack(images, members), seed)) for members in _alike(images)]
    data: list[Any] = [None] * len(images)
    results: dict[str, list[Any]] = {name: [None] * len(images) for name in methods}
    seconds = dict.fromkeys(methods, 0.0)
    for members, measured in groups:
        for k, place in enumerate(members):
            data[place] = measured.items(slice(k, k + 1))
    for name, method in chosen.items():
        done = 0
        for members, measured in groups:
            found = reconstruct(measured, method, warm=True, show=partial(_tell, show, name, done))
            for place, image in zip(members, found.images, strict=True):
                results[name][place] = image
            done += len(members)
            seconds[name] += found.seconds * len(members) / len(images)
    scores = {name: _scores(found, images) for name, found in results.items()}
    return Compared(images, data, chosen, results, scores, seconds)


def at_peak_one(arrays: Sequence[np.ndarray], peaks: Sequence[float] | None = None) -> list[Tensor]:
    """Images with their peaks (without them, maximum magnitudes) at 1, in single precision."""
    peaks = [float(np.abs(a).max()) for a in arrays] if peaks is None else peaks
    images = [torch.from_numpy(a / peak) for a, peak in zip(arrays, peaks, strict=True)]
    return [t.to(torch.complex64 if t.is_complex() else torch.float32) for t in images]


def measured_groups(images: Sequence[Tensor], measure: Measure, seed: int = 0) -> list[tuple[Tensor, LeastSquares]]:
    """Images stacked by size and kind, each stack with what is measured of it, as `compare` does."""
    stacks = [_stack(images, members) for members in _alike(images)]
    return [(stack, fixed(measure, stack, seed)) for stack in stacks]


def _tell(show: Callable[[str, int], None], name: str, before: int, done: int) -> None:
    show(name, before + done)


def _stack(images: Sequence[Tensor], members: Sequence[int]) -> Tensor:
    return torch.stack([images[k] for k in members])


def _alike(images: Sequence[Tensor]) -> list[list[int]]:
    """Places of the images of one size and kind (complex or not)."""
    groups: dict[tuple[torch.Size, torch.dtype], list[int]] = {}
    for k, t in enumerate(images):
        groups.setdefault((t.shape, t.dtype), []).append(k)
    return list(groups.values())


def _scores(results: Sequence[Tensor], images: Sequence[Tensor]) -> Scores:
    each = [score(x.unsqueeze(0), t.unsqueeze(0), peak=1.0) for x, t in zip(results, images, strict=True)]
    return Scores(*(torch.cat(values) for values in zip(*each, strict=True)))
