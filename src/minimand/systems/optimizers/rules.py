"""The learned rules by name, built from their cards, and how each of them learns."""

from typing import Any, NamedTuple

from minimand.io import InputError
from minimand.systems.optimizers.dmoptimizer import DMoptimizerStep
from minimand.systems.optimizers.hyperadam import HyperAdamStep
from minimand.systems.optimizers.learned import LearnedStep
from minimand.systems.optimizers.rnnprop import RNNpropStep
from minimand.weights import Weights, built, load_weights


class Protocol(NamedTuple):
    """How a rule is meta-trained. disguise: share of the episodes that are under random scaling and convex combination;
    emphasis: the loss after step t counts t^emphasis.

    The papers disguise every episode of HyperAdam and RNNprop, and learn from one optimizee. Here they learn from many;
    disguised episodes made HyperAdam's moves shorter and its losses on plain optimizees higher.
    """

    disguise: float
    emphasis: float


RULES: dict[str, type[LearnedStep]] = {rule.name: rule for rule in (HyperAdamStep, RNNpropStep, DMoptimizerStep)}
PROTOCOLS = {"hyperadam": Protocol(0.0, 1.0), "rnnprop": Protocol(0.5, 1.0), "dmoptimizer": Protocol(0.0, 0.0)}
META_RATES = {  # of Adam; what is not named here learns at the last
    "state_cell.preprocess.W": 5e-2,  # its input is about 1 / sqrt(p), so that it is large itself
    "state_cell.preprocess.b": 5e-4,
    "state_cell.lstm.W": 5e-4,
    "state_cell.lstm.b": 5e-4,
    "": 2e-3,
}


def meta_rate(name: str) -> float:
    """The rate of Adam for a number of a rule, by its name."""
    return META_RATES.get(name, META_RATES[""])


def build_rule(weights: Weights) -> LearnedStep:
    """The rule of a card with its numbers. Raises InputError where they do not fit together or are of another kind."""
    name = weights.card.get("network")
    if name not in RULES:
        raise InputError(f"{weights.name}: are weights of {name}, not of an optimizer; known: {', '.join(RULES)}.")
    return built(RULES[name], weights)


def load_rule(name: str, source: str | None = None) -> tuple[LearnedStep, dict[str, Any]]:
    """The rule of a name with shipped weights or those of a file, and its card. Raises InputError for another's."""
    weights = load_weights(source or name)
    if weights.card.get("network") != name:
        raise InputError(f"{source or name}: are weights of {weights.card.get('network')}, not of {name}.")
    return build_rule(weights), weights.card
