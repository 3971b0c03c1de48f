"""The meta-training run of a learned optimizer: from optimizees to weights with their card."""

from dataclasses import dataclass
from pathlib import Path

import torch

from minimand.learning import Progress, Run
from minimand.systems.optimizers.rules import PROTOCOLS, RULES, load_rule, meta_rate
from minimand.systems.optimizers.task import MetaTraining

USUAL = (
    "mlp", "mlp-relu", "mlp-relu-small", "mlp-elu-small", "mlp-tanh-small", "mlp-2-small", "mlp-2-relu-small",
    "mlp-3-tiny", "mlp-4-tiny", "mlp-5-tiny", "mlp-6-tiny", "mlp-3-tanh-tiny", "cnn-1-tiny", "cnn-1-tiny",
    "lstm", "lstm",
)  # fmt: skip
HELD_OUT = (
    "mlp-small", "mlp-relu-small", "mlp-tanh-small", "mlp-3-small", "mlp-5-tiny", "lstm", "lstm-2", "cnn-1-small",
)  # fmt: skip
HORIZONS = (100, 100, 200)


@dataclass(frozen=True)
class MetaPlan:
    """What to learn from, and how long. steps: meta-updates, each on `block` steps of at most `learners` learners.

    held_out: to choose the best step on, with how many steps if not 100: cnn-1-tiny:1000. sample: coordinates of a
    block that are back-propagated. pace: factor on all learning rates.
    """

    rule: str
    optimizees: tuple[str, ...] = USUAL
    held_out: tuple[str, ...] = HELD_OUT
    horizons: tuple[int, ...] = HORIZONS
    block: int = 200
    learners: int = 4
    sample: int = 256
    steps: int = 4000
    pace: float = 1.0
    seed: int = 0
    every: int = 200
    start: str | None = None
    arguments: tuple[tuple[str, int], ...] = ()


def meta_train(plan: MetaPlan, folder: Path, run: Run) -> Progress:
    """Meta-train a rule as planned on the pictures in `folder` and write its weights. Where no validation is better
    than that of the start, the start is kept. Raises InputError for a folder or a start that does not fit.
    """
    run.check()
    torch.manual_seed(plan.seed)
    rule, origin = RULES[plan.rule](**dict(plan.arguments)), None
    if plan.start is not None:
        source, card = load_rule(plan.rule, plan.start)
        rule.load_state_dict(source.state_dict())
        origin = card.get("training")
    rule.prepare()
    protocol = PROTOCOLS[plan.rule]
    task = MetaTraining(
        folder, plan.optimizees, plan.held_out, learners=plan.learners, horizons=plan.horizons, block=plan.block,
        sample=plan.sample, disguise=protocol.disguise, emphasis=protocol.emphasis, seed=plan.seed,
    )  # fmt: skip
    before, start = task.validate(rule), {name: value.clone() for name, value in rule.state_dict().items()}
    progress = run.learn(rule, task, plan, meta_rate)
    if progress.stopped:
        return progress
    if progress.best <= before:
        rule.load_state_dict(start)
        progress.best, progress.best_step = before, 0
    run.save(rule, {
        "network": plan.rule,
        "summary": f"optimizer; {_learned(plan, progress)}; validation {progress.best:.2f} dB",
        "arguments": dict(plan.arguments),
        "loss": f"mean logarithm of the losses, step t counts t^{protocol.emphasis:g}, blocks of {plan.block} steps",
        "training": {
            "seed": plan.seed, "optimizees": list(plan.optimizees) if progress.best_step else [],
            "horizons": list(plan.horizons), "from": origin,
        },
        "validation": {
            "late_loss_db_untrained": before, "late_loss_db": progress.best, "step": progress.best_step,
            "optimizees": list(plan.held_out), "history": progress.history,
        },
    })  # fmt: skip
    return progress


def _learned(plan: MetaPlan, progress: Progress) -> str:
    if progress.best_step == 0:
        return "as it is born, not meta-trained" if plan.start is None else f"as {plan.start}"
    return f"{progress.best_step} meta-updates, {len(set(plan.optimizees))} optimizees"
