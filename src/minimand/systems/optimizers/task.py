"""The task of meta-training, for `learning.fit`: one block of an episode a step, and a score on held-out pictures."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor

from minimand.algebra import leaves, rebuild
from minimand.io import InputError
from minimand.systems.optimizers.follow import RuleWalker, follow, late_loss, slope
from minimand.systems.optimizers.learned import LearnedStep
from minimand.systems.optimizers.meta import Episode, begin, block
from minimand.systems.optimizers.optimizees import Optimizee
from minimand.systems.optimizers.registry import make_optimizee

ABREAST = 8  # episodes under way
COORDINATES = 16_000  # that are advanced at once: small optimizees have more learners
LEARNERS = 4  # in validation
STEPS = 100  # of a validation run
DB = 10 / math.log(10)
WORST = 20.0  # times the first loss: a run beyond it has diverged


class Course(NamedTuple):
    """An episode, how long it is to be, and how it began."""

    kind: int  # which optimizee
    horizon: int  # steps in all
    first: float  # mean loss at the start
    episode: Episode


class MetaTraining:
    """Learn to optimize what `names` name, in episodes of as many steps as `horizons` say; both are drawn by lot.

    Eight episodes are under way side by side and give a block in turn, so that what is learned in a row comes from
    different optimizees and from early and late steps. learners: most at once; block: steps of truncated
    back-propagation; sample: coordinates a block that are back-propagated. disguise: share of the episodes, by lot,
    under random scaling and convex combination. emphasis: of late steps in a block. chosen_on: optimizees of the
    validation, on pictures that nothing is learned from, with how many steps if not 100: cnn-1-tiny:1000.
    """

    def __init__(
        self, folder: Path, names: Sequence[str], chosen_on: Sequence[str], *, learners: int, horizons: Sequence[int],
        block: int, sample: int, disguise: float, emphasis: float, seed: int,
    ):  # fmt: skip
        self.optimizees = [make_optimizee(name, folder) for name in names]
        self.held_out = [trial(name, folder) for name in chosen_on]
        self.learners, self.horizons, self.sample, self.seed = learners, horizons, sample, seed
        self.block, self.disguise, self.emphasis = block, disguise, emphasis
        self.courses: list[Course | None] = [None] * ABREAST

    def loss(self, net: LearnedStep, step: int) -> Tensor:
        """Mean level of the losses of a block in dB, whose slope is that of the surrogate. A diverged episode ends.

        In dB, so that the clipping of the fit lets optimizees with steep losses and with flat ones count alike.
        """
        generator, place = Generator().manual_seed(hash((self.seed, step)) % 2**63), step % ABREAST
        course = self.courses[place] or self._begin(net, generator)
        length, sample = min(self.block, course.horizon - course.episode.steps), self.sample // len(course.episode.x)
        losses, surrogate = block(net, course.episode, generator, length=length, sample=sample, emphasis=self.emphasis)
        diverged = not bool(torch.isfinite(losses).all()) or float(losses.mean()) > WORST * course.first
        self.courses[place] = None if diverged or course.episode.steps >= course.horizon else course
        if diverged:
            return 0 * surrogate.nan_to_num() + DB * math.log(WORST * course.first)
        return DB * (losses.log().mean() + surrogate - surrogate.detach())

    def _begin(self, net: LearnedStep, generator: Generator) -> "Course":
        def lot(n: int) -> int:
            return int(torch.randint(n, (), generator=generator))

        kind, horizon = lot(len(self.optimizees)), self.horizons[lot(len(self.horizons))]
        disguise = float(torch.rand((), generator=generator)) < self.disguise
        optimizee = self.optimizees[kind]
        learners = max(1, min(self.learners, COORDINATES // optimizee.size))
        episode = begin(net, optimizee, learners, generator, disguise=disguise)
        losses, _ = slope(episode.energy(generator), episode.x)
        return Course(kind, horizon, float(losses.mean()), episode)

    def parts(self, net: LearnedStep) -> Iterator[Tensor]:
        """There is no whole training set: mini-batches are drawn without end."""
        raise TypeError("MetaTraining has no full-batch steps; train with full=0.")

    def validate(self, net: LearnedStep) -> float:
        """Minus the mean of 10 log10 of the late losses on each optimizee of the validation, dB."""
        levels = []
        for k, (optimizee, steps) in enumerate(self.held_out):
            generator = Generator().manual_seed(k)
            walker = RuleWalker(net, optimizee.begin(LEARNERS, generator))
            late = late_loss(follow(walker, optimizee, steps, generator))
            levels.append(10 * math.log10(late) if math.isfinite(late) else 100.0)
        return -sum(levels) / len(levels)

    def carried(self) -> dict[str, Any]:
        """What the next step needs of those before, for a checkpoint."""
        return {"courses": [None if course is None else self._pack(course) for course in self.courses]}

    def carry(self, net: LearnedStep, state: dict[str, Any]) -> None:
        """Go on from what `carried` told."""
        self.courses = [None if saved is None else self._unpack(net, saved) for saved in state["courses"]]

    def _pack(self, course: "Course") -> dict[str, Any]:
        e = course.episode
        tensors = {"scales": e.scales, "eta": e.eta, "x": e.x, "g": e.g, "memory": leaves(e.memory)}
        return {**course._asdict(), "episode": {**tensors, "steps": e.steps}}

    def _unpack(self, net: LearnedStep, saved: dict[str, Any]) -> "Course":
        e = saved["episode"]
        memory = rebuild(net.remember(e["x"]), e["memory"])
        episode = Episode(**{**e, "optimizee": self.optimizees[saved["kind"]], "memory": memory})
        return Course(**{**saved, "episode": episode})


def trial(name: str, folder: Path) -> tuple[Optimizee, int]:
    """An optimizee of the validation and its steps: of mlp-relu 100, of mlp-relu:1000 as many as it says. Raises
    InputError.
    """
    name, colon, steps = name.partition(":")
    if colon and not (steps.isdecimal() and int(steps)):
        raise InputError(f"{name}:{steps}: after the colon stands how many steps, 1 or more.")
    return make_optimizee(name, folder, "validation"), int(steps) if colon else STEPS
