"""Comparison of methods on images whose sampling is simulated: every image by every method, scored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from minimand.metrics import Scores, score
from minimand.systems.mri.methods import Method, get_method
from minimand.systems.mri.reconstruct import reconstruct
from minimand.systems.mri.simulation import simulate


@dataclass(frozen=True)
class Compared:
    """What each method made of each image.

    images: truths at maximum magnitude 1; masks, kspaces: one an image, zero frequency at [0, 0]; methods: by name;
    results: method -> its images; scores: method -> Scores of shape (images,); seconds: method -> seconds an image
    after warm-up.
    """

    images: list[Tensor]
    masks: list[Tensor]
    kspaces: list[Tensor]
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
    mask: Callable[[tuple[int, int]], Tensor],
    methods: Sequence[str],
    *,
    weights: str | None = None,
    network: str | None = None,
    noise: float = 0.0,
    seed: int = 0,
    show: Callable[[str, int], None] = lambda method, done: None,
) -> Compared:
    """Sample each image, reconstruct it by each method, score it with its maximum magnitude as 1.

    Scores: NMSE of the complex image, PSNR (peak 1) and SSIM of magnitudes. arrays: (height, width) each, real or
    complex; a real image is reconstructed as real. mask: size -> bool mask, zero frequency at [0, 0]. weights: for the
    method `network` that their card names. noise, seed: as in `simulate`. show: told the method and the images done.
    """
    images = [torch.from_numpy(a / np.abs(a).max()) for a in arrays]
    images = [t.to(torch.complex64 if t.is_complex() else torch.float32) for t in images]
    chosen = {name: get_method(name, weights=weights if name == network else None) for name in methods}
    groups = _alike(images)
    masks = {size: mask(size) for size, _ in groups}
    kspaces = [torch.empty(0)] * len(images)
    results = {name: [torch.empty(0)] * len(images) for name in methods}
    seconds = dict.fromkeys(methods, 0.0)
    for (size, _), members in groups.items():
        _place(kspaces, members, simulate(torch.stack([images[k] for k in members]), masks[size], noise, seed))
    for name, method in chosen.items():
        done = 0
        for (size, complex_), members in groups.items():
            stack = torch.stack([kspaces[k] for k in members])
            told = partial(_tell, show, name, done)
            found = reconstruct(stack, masks[size], method, real=not complex_, warm=True, show=told)
            _place(results[name], members, found.images)
            done += len(members)
            seconds[name] += found.seconds * len(members) / len(images)
    scores = {name: _scores(found, images) for name, found in results.items()}
    return Compared(images, [masks[t.shape[0], t.shape[1]] for t in images], kspaces, chosen, results, scores, seconds)


def _place(where: list[Tensor], members: Sequence[int], stack: Tensor) -> None:
    for k, item in zip(members, stack, strict=True):
        where[k] = item


def _tell(show: Callable[[str, int], None], name: str, before: int, done: int) -> None:
    show(name, before + done)


def _alike(images: Sequence[Tensor]) -> dict[tuple[tuple[int, int], bool], list[int]]:
    """Places of the images of one size and kind (complex or not)."""
    groups: dict[tuple[tuple[int, int], bool], list[int]] = {}
    for k, t in enumerate(images):
        groups.setdefault(((t.shape[0], t.shape[1]), t.is_complex()), []).append(k)
    return groups


def _scores(results: Sequence[Tensor], images: Sequence[Tensor]) -> Scores:
    each = [score(x.unsqueeze(0), t.unsqueeze(0), peak=1.0) for x, t in zip(results, images, strict=True)]
    return Scores(*(torch.cat(values) for values in zip(*each, strict=True)))
