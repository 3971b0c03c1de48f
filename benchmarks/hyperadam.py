"""How fast a step of HyperAdam is: compiled against plain torch, beside torch's Adam; what a choice of coordinates
saves in a block of meta-training.

float32, the rule as it is born (speed does not depend on its numbers), a million parameters in four tensors. Accuracy
is asserted first: both ways make the same moves.
"""

from collections.abc import Callable

import torch
from _record import report, timed
from torch import Generator, Tensor, nn

from minimand.systems.optimizers import HyperAdam, HyperAdamStep
from minimand.systems.optimizers.data import Pictures
from minimand.systems.optimizers.meta import begin, block
from minimand.systems.optimizers.optimizees import MLP

NAME, PARAMETERS = "hyperadam", 1_000_000
TARGET = 3.0  # times plain torch
BLOCK, CHOSEN = 20, 128


def main() -> None:
    torch.manual_seed(0)
    difference = check()
    parameters = [nn.Parameter(torch.zeros(PARAMETERS // 4)) for _ in range(4)]
    gradients = [torch.randn_like(p) for p in parameters]
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = g
    ours = timed(HyperAdam(parameters, weights=HyperAdamStep()).step, 3)
    adam = timed(torch.optim.Adam(parameters).step, 9)
    plain = timed(eager(torch.cat(gradients)[None]), 3)
    report(NAME, "step, a million parameters", **ours, difference=difference)
    report(NAME, "the same in plain torch", **plain)
    report(NAME, "torch.optim.Adam", **adam)
    ratio = plain["seconds"] / ours["seconds"]
    report(NAME, "times plain torch", ratio=round(ratio, 2), target=TARGET, met=ratio >= TARGET)
    report(NAME, "times the seconds of Adam", ratio=round(ours["seconds"] / adam["seconds"], 1))
    meta()


def eager(g: Tensor) -> Callable[[], None]:
    """A step by the formulas on whole tensors."""
    rule = HyperAdamStep().to(g.device).requires_grad_(False)
    state = [rule.remember(g)]

    def step() -> None:
        _, state[0] = rule.update(g, state[0])

    return step


def check(device: str = "cpu") -> float:
    """Largest relative difference of the moves of three steps from those of the formulas in double precision."""
    rule, given = HyperAdamStep().to(device), [torch.randn(1, 15_910, device=device) for _ in range(3)]
    rule.requires_grad_(False)
    memory, moves = rule.remember(given[0]), []
    for g in given:
        moves += rule.advance([(g, memory)])
    rule = rule.double()
    exact, worst = rule.remember(given[0].double()), 0.0
    for g, move in zip(given, moves, strict=True):
        expected, exact = rule.update(g.double(), exact)
        worst = max(worst, float((move - expected).abs().max() / expected.abs().max()))
    assert worst < 1e-4, worst
    return worst


def meta() -> None:
    """A block of meta-training on the basic MLP with noise for pictures: 128 coordinates back-propagated, or all."""
    pictures = Pictures(torch.rand(1000, 1, 28, 28), torch.randint(10, (1000,)))
    seconds = {}
    for label, sample, repeats in (("128 coordinates", CHOSEN, 3), ("all", None, 1)):
        rule, generator = HyperAdamStep(), Generator().manual_seed(0)
        episode = begin(rule, MLP(pictures), 1, generator, disguise=True)

        def run(rule=rule, episode=episode, generator=generator, sample=sample) -> None:
            block(rule, episode, generator, length=BLOCK, sample=sample)[1].backward()

        figures = timed(run, repeats)
        seconds[label] = figures["seconds"]
        report(NAME, f"meta-update, {label}", **figures)
    report(NAME, "meta-update, ratio", ratio=round(seconds["all"] / seconds["128 coordinates"], 1))


if __name__ == "__main__":
    main()
