"""The hand-made rivals with TensorFlow's defaults, which the papers used, and the rates that were searched for them."""

import json
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor
from torch.optim import SGD, Adadelta, Adagrad, Adam, Optimizer, RMSprop

from minimand.io import InputError
from minimand.systems.optimizers.follow import Walker, follow, late_loss
from minimand.systems.optimizers.optimizees import Optimizee

RIVALS: dict[str, Callable[[list[Any], float], Optimizer]] = {
    "sgd": lambda p, rate: SGD(p, rate),
    "momentum": lambda p, rate: SGD(p, rate, momentum=0.9),
    "adam": lambda p, rate: Adam(p, rate),
    "rmsprop": lambda p, rate: RMSprop(p, rate, alpha=0.9, eps=1e-10),
    "adagrad": lambda p, rate: Adagrad(p, rate, initial_accumulator_value=0.1),
    "adadelta": lambda p, rate: Adadelta(p, rate, rho=0.95, eps=1e-8),
}
OCTAVE = {"sgd": 0, "momentum": -3, "adam": -6, "rmsprop": -6, "adagrad": -3, "adadelta": 3}  # where a search begins
LOWEST, HIGHEST = -14, 8  # and where it ends, as powers of 2
RATES = Path(__file__).with_name("rates.json")  # what was found, by rival and optimizee
RUNS, STEPS, SEED = 8, 100, 10_000  # of a search; no table has this seed


class RivalWalker(Walker):
    """Learners moved by one of torch's optimizers: those here know nothing but single coordinates."""

    def __init__(self, name: str, rate: float, x: Tensor):
        super().__init__(x)
        self.parameter = torch.nn.Parameter(x.clone())
        self.optimizer = RIVALS[name]([self.parameter], rate)

    def move(self, g: Tensor) -> None:
        self.parameter.grad = g
        self.optimizer.step()
        self.x = self.parameter.detach()


def rate_of(rival: str, task: str) -> float:
    """The rate that was found for an optimizee. Raises InputError where none was searched."""
    rates = _rates().get(rival, {})
    if task not in rates:
        raise InputError(
            f"no rate of {rival} was searched for {task}: write {rival}:RATE, or search it with "
            f"minimand optimize --task {task} --rules {rival} --tune."
        )
    return rates[task]


def tune(
    rival: str, optimizee: Optimizee, show: Callable[[float, float], None] = lambda rate, loss: None
) -> dict[float, float]:
    """Rates tried and their late losses (mean of steps 91 to 100, 8 runs), the best first.

    From the usual rate by octaves downhill until the loss rises, then half an octave on either side. show: told each.
    """
    tried: dict[float, float] = {}

    def loss(octave: float) -> float:
        rate = 2.0**octave
        if rate not in tried:
            tried[rate] = _late(rival, rate, optimizee)
            show(rate, tried[rate])
        return tried[rate]

    best = float(OCTAVE[rival])
    for way in (1, -1):
        while LOWEST < best < HIGHEST and loss(best + way) < loss(best):
            best += way
    for octave in (best - 0.5, best + 0.5):
        loss(octave)
    return dict(sorted(tried.items(), key=lambda pair: pair[1]))


def _late(rival: str, rate: float, optimizee: Optimizee) -> float:
    generator = Generator().manual_seed(SEED)
    walker = RivalWalker(rival, rate, optimizee.begin(RUNS, generator))
    loss = late_loss(follow(walker, optimizee, STEPS, generator))
    return loss if math.isfinite(loss) else math.inf


@cache
def _rates() -> dict[str, dict[str, float]]:
    rates: dict[str, dict[str, float]] = json.loads(RATES.read_text(encoding="utf-8"))
    return rates
