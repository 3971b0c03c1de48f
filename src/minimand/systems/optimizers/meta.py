"""Meta-training: a learned optimizer learns from the losses that it leads to.

Gradients count as constants, so that the gradient of a block's losses is that of the linear function
S = (1/U) sum_t <g_t, x_t> of the points x_t that the rule makes (here g_t / f_t, for the losses' logarithms are what
is averaged: small losses count as much as large ones): no second derivative is needed, and, the norms apart,
coordinates do not know of each other. So the whole vector is advanced without a graph, and a random choice of
coordinates is run again with one; each is weighted by 1 / (how often it is chosen), which leaves the expected gradient
as it is. Norms in that run have the values of the whole vector and the slope of the weighted choice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from minimand.algebra import leaves, rebuild
from minimand.systems.optimizers.follow import slope
from minimand.systems.optimizers.learned import LearnedStep, Norm
from minimand.systems.optimizers.optimizees import Disguised, Optimizee
from minimand.term import Term

CONVEX = 20  # coordinates of the convex function
STRETCH, STRETCH_CONVEX = 3.0, 1.0  # random scales are exp(U(-r, r))


@dataclass
class Episode:
    """Learners on their way: where they stand, and the gradient there that was not yet used."""

    optimizee: Optimizee
    scales: Tensor  # c of a disguised loss, (learners, p + 20); without columns where it is not disguised
    eta: Tensor  # (learners, 20), likewise
    x: Tensor  # (learners, p or p + 20)
    memory: Any
    g: Tensor
    steps: int = 0

    def energy(self, generator: Generator) -> Term:
        """The loss on the next mini-batch."""
        loss = self.optimizee.energy(len(self.x), generator)
        return Disguised(loss, self.scales, self.eta) if self.eta.numel() else loss


def begin(rule: LearnedStep, optimizee: Optimizee, learners: int, generator: Generator, *, disguise: bool) -> Episode:
    """Learners at the start. disguise: random scaling and convex combination, drawn anew."""
    x, p, k = optimizee.begin(learners, generator), optimizee.size, CONVEX if disguise else 0
    scales, eta = x.new_ones(learners, 0), 2 * torch.rand(learners, k, generator=generator) - 1
    if disguise:
        reach = torch.cat([torch.full((p,), STRETCH), torch.full((k,), STRETCH_CONVEX)])
        scales = ((2 * torch.rand(learners, p + k, generator=generator) - 1) * reach).exp()
        x = torch.cat([x, x.new_zeros(learners, k)], 1) / scales
    episode = Episode(optimizee, scales, eta, x, rule.remember(x), x)
    _, episode.g = slope(episode.energy(generator), x)
    return episode


def block(
    rule: LearnedStep, episode: Episode, generator: Generator, *, length: int, sample: int | None, emphasis: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Run `length` steps of an episode. Returns the losses after each, (length, learners), and the surrogate: a scalar
    whose gradient is that of the mean of their logarithms, step t weighted by t^emphasis (0: all alike, infinity: the
    last only), estimated from `sample` coordinates a learner (None: exact, from all).
    """
    start = rebuild(episode.memory, [part.clone() for part in leaves(episode.memory)])
    norms: list[Tensor] = []

    def record(*pieces: Tensor) -> Tensor:
        norms.append(rule.norm(*pieces))
        return norms[-1]

    gradients, losses = [episode.g], []
    for _ in range(length):
        (move,) = rule.advance([(gradients[-1], episode.memory)], record)
        episode.x = episode.x - rule.rate * move
        loss, g = slope(episode.energy(generator), episode.x)
        losses.append(loss)
        gradients.append(g)
    episode.g, episode.steps = gradients[-1], episode.steps + length
    fed, met = torch.stack(gradients[:-1]), torch.stack(gradients[1:]) / torch.stack(losses).unsqueeze(-1)
    counts = torch.linspace(1 / length, 1, length, dtype=met.dtype) ** emphasis
    met = (counts / counts.sum()).reshape(-1, 1, 1) * met
    felt = met.flip(0).cumsum(0).flip(0)  # by the move of every step
    chosen, weights = choose(felt, sample, generator)
    surrogate = replay(rule, fed, felt, start, norms, chosen, weights)
    return torch.stack(losses), surrogate / fed.shape[1]


def choose(felt: Tensor, sample: int | None, generator: Generator) -> tuple[Tensor, Tensor]:
    """Coordinates and their weights, (learners, sample): half by what they matter, half evenly.

    felt: what the loss feels of each move, (steps, learners, p). None: all of them.
    """
    _, learners, p = felt.shape
    if sample is None or sample >= p:
        return torch.arange(p).expand(learners, p), torch.ones(learners, p)
    matter = felt.abs().sum(0) + 1e-30
    chance = 0.5 / p + 0.5 * matter / matter.sum(1, keepdim=True)
    chosen = torch.multinomial(chance, sample, replacement=True, generator=generator)
    return chosen, 1 / (sample * chance.gather(1, chosen))


def replay(
    rule: LearnedStep, fed: Tensor, felt: Tensor, start: Any, norms: Sequence[Tensor], chosen: Tensor, weights: Tensor
) -> Tensor:
    """The surrogate of the chosen coordinates with its graph: - rate sum_t <felt_t, move_t>."""

    def picked(part: Tensor) -> Tensor:
        index = chosen if part.ndim == 2 else chosen.unsqueeze(1).expand(-1, part.shape[1], -1)
        return part.gather(-1, index)

    memory, total = rebuild(start, [picked(part) for part in leaves(start)]), torch.zeros(())
    norm = sampled(iter(norms), weights.unsqueeze(1) * rule.scale(fed.shape[-1]))
    for g, pull in zip(fed, felt):
        move, memory = rule.update(picked(g), memory, norm)
        total = total - rule.rate * (weights * picked(pull) * move).sum()
    return total


def sampled(whole: Iterator[Tensor], weights: Tensor) -> Norm:
    """The norms of the whole vector, in order, with the slope that the weighted choice tells."""

    def norm(x: Tensor) -> Tensor:
        length = next(whole)
        share = (weights * x.square()).sum(-1, keepdim=True)
        return ((share - share.detach()) / (2 * length) + length) if x.requires_grad else length

    return norm
