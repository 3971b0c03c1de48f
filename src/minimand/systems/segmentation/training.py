"""What Deep Fusion Net learns from: every atlas in turn is the target of those of other subjects."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from minimand.io import InputError
from minimand.metrics import dice
from minimand.systems.segmentation.atlases import Atlas, Library
from minimand.systems.segmentation.fusion import Images, Labels, Target, Votes, box_around, undecided
from minimand.systems.segmentation.network import DeepFusion, voting_loss
from minimand.systems.segmentation.placing import place
from minimand.systems.segmentation.segment import align, choose

Tell = Callable[[str, int, int], None]


class Case(NamedTuple):
    """A target with atlases registered to it, the best first, cut to where they do not agree; truth: its own labels."""

    target: Target
    images: Images
    labels: Labels
    truth: Votes
    wanted: Bool[Tensor, "depth height width"]


def subject_of(name: str, pattern: str) -> str:
    """The part of an atlas's name that names its subject: what the pattern matches at its beginning, else the whole."""
    found = re.match(pattern, name)
    return found.group(0) if found else name


def split(library: Library, pattern: str) -> tuple[list[str], list[str]]:
    """Subjects to learn from and those to choose by, every fifth from the third. Raises InputError for fewer than 5."""
    subjects = sorted({subject_of(a.name, pattern) for a in library.atlases})
    if len(subjects) < 5:
        raise InputError(f"{len(subjects)} subjects are too few to learn from; 5 at least are needed, better 10.")
    return [s for k, s in enumerate(subjects) if k % 5 != 2], subjects[2::5]


def prepare(
    library: Library, targets: Sequence[Atlas], pattern: str, sources: Sequence[str], count: int,
    net: DeepFusion, tell: Tell,
) -> list[Case]:  # fmt: skip
    """Cases of these targets, each with its `count` most alike atlases of the subjects `sources`, never of its own.

    Targets on which all atlases agree are left out: there is nothing to learn from them.
    """
    cases = []
    for k, atlas in enumerate(targets, 1):
        tell(atlas.name, k, len(targets))
        own = subject_of(atlas.name, pattern)
        named = ((a, subject_of(a.name, pattern)) for a in library.atlases)
        others = [a for a, subject in named if subject in sources and subject != own]
        warped = align(atlas.scan, choose(atlas.scan, Library(others, library.labels, []), count))
        truth = place(atlas, atlas.scan, library.labels).labels
        wanted = undecided(warped.labels, net.window)
        if bool(wanted.any()):
            part = box_around(wanted, [w + net.receptive for w in net.window])
            kept = (v[..., *part].clone() for v in (warped.target, warped.images, warped.labels, truth, wanted))
            cases.append(Case(*kept))
    return cases


@dataclass(frozen=True)
class Fusing:
    """Learn from one target a step and `draw` of its atlases, intensities bent and sides flipped at random: a
    `learning.Task`. Validation is the mean Dice of all labels in per cent, on voxels that atlases do not agree on.
    """

    train: Sequence[Case]
    validation: Sequence[Case]
    draw: int
    seed: int

    def loss(self, net: nn.Module, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        case = self.train[int(torch.randint(len(self.train), (), generator=generator))]
        chosen = torch.randperm(len(case.images), generator=generator)[: self.draw]
        flips = [axis for axis in (-2, -1) if torch.rand((), generator=generator) < 0.5]
        images = torch.cat([case.target[None], case.images[chosen]])
        T, *X = (bent(x, generator).flip(flips) for x in images)
        labels, truth, wanted = (v.flip(flips) for v in (case.labels[chosen], case.truth, case.wanted))
        return voting_loss(net(T, torch.stack(X), labels, wanted), truth, wanted)

    def parts(self, net: nn.Module) -> Iterator[Tensor]:
        raise TypeError("fusion draws its atlases, so there is no whole training set; leave out full-batch steps.")

    def validate(self, net: nn.Module) -> float:
        with torch.no_grad():
            scores = [_score(net(c.target, c.images, c.labels, c.wanted), c) for c in self.validation]
        return 100 * float(torch.stack(scores).mean())

    def majority(self) -> float:
        """What a majority vote scores on the validation cases."""
        return 100 * float(torch.stack([_score(c.labels.mean(0), c) for c in self.validation]).mean())


def _score(votes: Votes, case: Case) -> Tensor:
    labels, truth = (v[:, case.wanted].argmax(0) for v in (votes, case.truth))
    numbers = torch.arange(1, len(votes))[:, None]
    return dice(labels == numbers, truth == numbers).mean()


def bent(image: Target, generator: torch.Generator) -> Target:
    """Intensities under a gamma from 0.8 to 1.25, darker or lighter by a twentieth."""
    gamma, shift = torch.rand(2, generator=generator).tolist()
    return image ** (0.8 * 1.5625**gamma) + 0.1 * (shift - 0.5)
