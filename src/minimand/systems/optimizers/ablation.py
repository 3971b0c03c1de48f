"""HyperAdam with a part taken away, by name, for `--rules` and the table of ablations."""

from collections.abc import Callable
from functools import partial

import torch

from minimand.systems.optimizers.hyperadam import HyperAdamStep
from minimand.systems.optimizers.rules import load_rule


def stateless() -> HyperAdamStep:
    """The rule that ships with decay rates and weights that no state moves: an ensemble of Adams, always the same."""
    rule, _ = load_rule("hyperadam")
    assert isinstance(rule, HyperAdamStep)
    with torch.no_grad():
        rule.adam_cell.gates.W.zero_()
        rule.weight_cell.linear.W.zero_()
    return rule


VARIANTS: dict[str, Callable[[], HyperAdamStep]] = {
    "hyperadam-stateless": stateless,
    "hyperadam-born": HyperAdamStep,  # not meta-trained: the mean of 20 Adams
    "hyperadam-born-10": partial(HyperAdamStep, 10),  # of 10
    "hyperadam-born-5": partial(HyperAdamStep, 5),
}
