"""The talk's tables and figures of learned optimizers: our figures beside the published ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minimand.io import InputError
from minimand.systems.optimizers.ablation import VARIANTS
from minimand.systems.optimizers.accuracy import TABLE3
from minimand.systems.optimizers.race import Show, available, labelled, race, summary
from minimand.systems.optimizers.registry import make_optimizee

STEPS, RUNS = 100, 100
SOURCE = "Wang et al. (2019), {}; loss on the mini-batch of step 100"
LEARNED = ("adam", "dmoptimizer", "rnnprop", "hyperadam")
ALL = ("sgd", "momentum", "adagrad", "adadelta", "rmsprop", "adam", "rnnprop", "hyperadam")


@dataclass(frozen=True)
class Table:
    """Tasks by their column's name, rules, and the published losses of each rule, column by column (None: not told)."""

    tasks: Mapping[str, str]
    rules: tuple[str, ...]
    published: Mapping[str, tuple[float | None, ...]]
    source: str


LOSSES = {
    "optimizers-table1": Table(
        {"sigmoid": "mlp", "ReLU": "mlp-relu", "ELU": "mlp-elu", "tanh": "mlp-tanh"}, LEARNED,
        {
            "adam": (0.35, 0.32, 0.31, 0.34), "dmoptimizer": (0.38, 1.42, 2.02, 0.83),
            "rnnprop": (0.34, 0.31, 0.31, 0.33), "hyperadam": (0.33, 0.29, 0.28, 0.36),
        },
        "table 1",
    ),
    "optimizers-table2": Table(
        {"LSTM": "lstm", "small noise": "lstm-small-noise", "two layers": "lstm-2"}, LEARNED,
        {
            "adam": (0.65, 0.39, 0.51), "dmoptimizer": (3.10, 3.06, 2.05), "rnnprop": (0.49, 0.32, 0.27),
            "hyperadam": (0.42, 0.19, 0.26),
        },
        "table 2",
    ),
    "optimizers-depth": Table(
        {str(k): "mlp" if k == 1 else f"mlp-{k}" for k in range(1, 8)}, ("adam", "rnnprop", "hyperadam"),
        {
            "adam": (0.36, 0.51, 0.76, 1.365, 1.79, 1.98, 2.28), "rnnprop": (0.34, 0.42, 0.70, 0.95, 1.28, 1.64, 1.96),
            "hyperadam": (0.34, 0.42, 0.585, 0.995, 1.36, 1.55, 1.785),
        },
        "fig. 5 (d), read off",
    ),
    "optimizers-ablation": Table(
        {"MLP-3": "mlp-3", "MLP-4": "mlp-4"}, ("hyperadam", *VARIANTS),
        {
            "hyperadam": (0.59, 0.97), "hyperadam-stateless": (0.96, None), "hyperadam-born-10": (None, 1.47),
            "hyperadam-born-5": (None, 1.73),
        },
        "figs. 8 (a) and (c), read off, each variant meta-trained",
    ),
    "optimizers-curves": Table(
        {"ELU": "mlp-elu", "LSTM, small noise": "lstm-small-noise"}, ALL,
        {
            "sgd": (0.37, None), "momentum": (0.37, 1.5), "adagrad": (0.45, 0.85), "adadelta": (0.57, None),
            "rmsprop": (0.58, 1.2), "adam": (0.31, 0.39), "rnnprop": (0.31, 0.32), "hyperadam": (0.28, 0.19),
        },
        "figs. 5 (a) and (c), read off",
    ),
}  # fmt: skip
TABLES = (*LOSSES, TABLE3)


def optimizer_table(
    name: str, folder: Path, *, runs: int = RUNS, steps: int = STEPS, seed: int = 0,
    show: Show = lambda rule, step, steps: None,
) -> dict[str, Any]:  # fmt: skip
    """A table as rows: the loss at the last step (mean and standard error over the runs) of each rule on each task.

    A rule without weights or without a rate for a task says so. folder: of the data. runs: at least 2. Raises
    InputError.
    """
    if runs < 2:
        raise InputError(f"{name} has standard errors; it takes 2 runs or more.")
    table = LOSSES[name]
    rows: dict[str, dict[str, Any]] = {
        rule: {"method": rule, "tasks": {}, "published": _named(table, table.published.get(rule, ()))}
        for rule in table.rules
    }
    for column, task in table.tasks.items():
        optimizee, racers = make_optimizee(task, folder), {}
        for rule in table.rules:
            found = available(rule, task)
            if isinstance(found, str):
                rows[rule]["tasks"][column] = {"unavailable": found}
            else:
                racers[rule] = found
        for rule, losses in race(
            racers, optimizee, steps=steps, runs=runs, seed=seed, show=labelled(show, column)
        ).items():
            rows[rule]["tasks"][column] = summary(losses)
    on = f"{runs} runs of {steps} steps"
    return {"table": name, "source": SOURCE.format(table.source), "on": on, "rows": list(rows.values())}


def _named(table: Table, losses: tuple[float | None, ...]) -> dict[str, float]:
    return {column: loss for column, loss in zip(table.tasks, losses) if loss is not None}
