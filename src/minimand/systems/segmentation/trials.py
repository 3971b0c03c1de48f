"""The targets of the tables of segmentation, their atlases registered.

Cardiac slices: targets are slices of every fourth subject, atlases those of the other subjects of the same phase at a
similar height. Hippocampus: targets are every fourth subject, atlases all others. Those most alike are taken by
normalised mutual information.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from minimand.systems.segmentation import hippocampus
from minimand.systems.segmentation.atlases import Atlas, Library
from minimand.systems.segmentation.cardiac import LEAST, SUBJECTS_HELD, as_atlas, read_slices
from minimand.systems.segmentation.segment import Warped, align, choose

JITTER = 4  # pixels to which the place of the ventricle is known
HEIGHT = 0.25  # difference of height up to which atlases are taken

Show = Callable[[str, int, int], None]


class Trial(NamedTuple):
    """A target by name, its atlases before and after registration, and its true labels."""

    name: str
    before: Warped
    warped: Warped
    truth: Int64[Tensor, "depth height width"]


def cardiac_trials(
    data: Path, targets: int, count: int, show: Show, *, centred: bool = False, seed: int = 0
) -> Iterator[Trial]:
    """At most so many targets, drawn with `seed`: a larger number has those of a smaller one first.

    centred: 128 x 128 pixels in the middle of the image, instead of 96 x 96 round the ventricle.
    """
    slices = read_slices(data)
    held = sorted({s.subject for s in slices})[SUBJECTS_HELD]
    rng = np.random.default_rng(seed)
    known = [(s, as_atlas(s, None if centred else np.zeros(2))) for s in slices if s.subject not in held]
    asked = [s for s in slices if s.subject in held and s.label.sum() > LEAST]
    drawn = [asked[k] for k in rng.permutation(len(asked))[:targets]]
    for k, s in enumerate(drawn, 1):
        jitter = rng.uniform(-JITTER, JITTER, 2)
        target = as_atlas(s, None if centred else jitter)
        near = [a for t, a in known if t.phase == s.phase and abs(t.position - s.position) <= HEIGHT]
        yield _trial(target, near, [0, 1], count, k, len(drawn), show)


def hippocampus_trials(data: Path, targets: int, count: int, show: Show) -> Iterator[Trial]:
    """At most so many targets, in the order of their names."""
    volumes = hippocampus.read_volumes(data)
    asked = volumes[hippocampus.SUBJECTS_HELD]
    held = {a.name for a in asked}
    known = [a for a in volumes if a.name not in held]
    for k, target in enumerate(asked[:targets], 1):
        yield _trial(target, known, [0, 1, 2], count, k, min(targets, len(asked)), show)


def _trial(target: Atlas, known: Sequence[Atlas], numbers: list[int], count: int, k: int, of: int, show: Show) -> Trial:
    if k % 10 == 1:
        show(target.name, k, of)
    with torch.no_grad():
        placed = choose(target.scan, Library(list(known), numbers, []), count)
    warped = align(target.scan, placed)
    before = Warped(warped.target, torch.stack([p.image for p in placed]), torch.stack([p.labels for p in placed]))
    return Trial(target.name, before, warped, target.labels)
