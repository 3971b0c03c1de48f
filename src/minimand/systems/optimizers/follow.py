"""Learners on their way: what moves them, and the losses that they meet."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from minimand.systems.optimizers.learned import LearnedStep
from minimand.systems.optimizers.optimizees import Optimizee
from minimand.term import Term

LATE = 10  # steps whose mean is the late loss


class Walker(ABC):
    """Learners and what moves them. x: where they stand, (learners, p)."""

    def __init__(self, x: Tensor):
        self.x = x

    @abstractmethod
    def move(self, g: Tensor) -> None:
        """Go on by the gradient at x."""


class RuleWalker(Walker):
    """Learners moved by a learned rule."""

    def __init__(self, rule: LearnedStep, x: Tensor):
        super().__init__(x)
        self.rule, self.memory = rule, rule.remember(x)

    def move(self, g: Tensor) -> None:
        (move,) = self.rule.advance([(g, self.memory)])
        self.x = self.x - self.rule.rate * move


def slope(energy: Term, x: Tensor) -> tuple[Tensor, Tensor]:
    """Losses (learners,) and their gradient (learners, p) at x, without a graph."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        losses = energy(x)
        (g,) = torch.autograd.grad(losses.sum(), x)
    return losses.detach(), g


def follow(
    walker: Walker, optimizee: Optimizee, steps: int, generator: Generator,
    show: Callable[[int], None] = lambda step: None,
) -> Tensor:  # fmt: skip
    """The losses on fresh mini-batches before each step, (steps, learners). show: told how many steps are done."""
    losses = []
    for k in range(steps):
        loss, g = slope(optimizee.energy(len(walker.x), generator), walker.x)
        losses.append(loss)
        walker.move(g)
        show(k + 1)
    return torch.stack(losses)


def late_loss(losses: Tensor) -> float:
    """Mean over the last ten steps and all learners."""
    return float(losses[-LATE:].mean())
