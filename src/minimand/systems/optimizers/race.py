"""Races: several rules on one optimizee, from the same starts and on the same mini-batches."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from minimand.io import InputError
from minimand.systems.optimizers.ablation import VARIANTS
from minimand.systems.optimizers.follow import RuleWalker, Walker, follow, late_loss
from minimand.systems.optimizers.optimizees import Optimizee
from minimand.systems.optimizers.rivals import RIVALS, RivalWalker, rate_of
from minimand.systems.optimizers.rules import RULES, load_rule

AT_ONCE = 10  # runs side by side: HyperAdam remembers 7.6 MB for each of the MLP

Start = Callable[[Float[Tensor, "runs p"]], Walker]
Show = Callable[[str, int, int], None]  # rule, steps done, steps in all


def starter(text: str, task: str) -> Start:
    """What `adam`, `adam:0.01`, `hyperadam`, `hyperadam:mine.safetensors` or `hyperadam*0.3` does on a task: the rate
    that was searched or this one, the weights that ship or these, moves of their own length or 0.3 times as long.
    Raises InputError.
    """
    learned, star, factor = text.partition("*")
    name, _, option = learned.partition(":")
    if star and name in RULES:
        rule, _ = load_rule(name, option or None)
        rule.rate *= _rate(text, factor)
        return lambda x: RuleWalker(rule, x)
    name, _, option = text.partition(":")
    if name in RIVALS:
        rate = _rate(text, option) if option else rate_of(name, task)
        return lambda x: RivalWalker(name, rate, x)
    if name in RULES:
        rule, _ = load_rule(name, option or None)
        return lambda x: RuleWalker(rule, x)
    if text in VARIANTS:
        variant = VARIANTS[text]().requires_grad_(False)
        return lambda x: RuleWalker(variant, x)
    raise InputError(f"there is no rule {name!r}. Known: {', '.join((*RULES, *VARIANTS, *RIVALS))}.")


def available(rule: str, task: str) -> Start | str:
    """What starts the rule on the task, or why nothing does."""
    try:
        return starter(rule, task)
    except InputError:
        return "no weights ship" if rule in RULES else "no rate was searched"


def labelled(show: Show, column: str) -> Show:
    """The same, told the column of a table beside the rule."""
    return lambda rule, step, steps: show(f"{rule}, {column}", step, steps)


def race(
    rules: Mapping[str, Start], optimizee: Optimizee, *, steps: int, runs: int, seed: int,
    show: Show = lambda name, step, steps: None,
) -> dict[str, Float[Tensor, "steps runs"]]:  # fmt: skip
    """The losses on fresh mini-batches before each step, by rule. show: told the rule and the steps done."""

    def run(name: str, first: int) -> Tensor:
        generator = Generator().manual_seed(seed * 1_000_003 + first)
        x = optimizee.begin(min(AT_ONCE, runs - first), generator)

        def tell(step: int) -> None:
            show(name, first * steps + step * len(x), steps * runs)

        return follow(rules[name](x), optimizee, steps, generator, tell)

    return {name: torch.cat([run(name, first) for first in range(0, runs, AT_ONCE)], 1) for name in rules}


def summary(losses: Float[Tensor, "steps runs"]) -> dict[str, float]:
    """Loss at the last step: mean and standard error over the runs; late: mean of the last ten steps."""
    runs = losses.shape[1]
    spread = float(losses[-1].std()) / math.sqrt(runs) if runs > 1 else math.nan
    return {"loss": float(losses[-1].mean()), "error": spread, "late": late_loss(losses)}


def _rate(text: str, option: str) -> float:
    try:
        rate = float(option)
    except ValueError:
        rate = math.nan
    if not (math.isfinite(rate) and rate > 0):
        raise InputError(f"{text}: the rate must be a number above 0, such as {text.removesuffix(option)}0.01.")
    return rate


def rules_of(text: str, task: str) -> dict[str, Start]:
    """The rules of a list such as `adam,hyperadam`, by name. Raises InputError."""
    names: Sequence[str] = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError("--rules: name one rule at least, such as adam,hyperadam.")
    return {name: starter(name, task) for name in dict.fromkeys(names)}
