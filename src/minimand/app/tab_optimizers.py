"""The tab for optimizers: learned and hand-made ones on one task, their losses as they come."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Generator

from minimand.app.out import Out, Source
from minimand.systems.optimizers.data import data_folder
from minimand.systems.optimizers.follow import slope
from minimand.systems.optimizers.race import starter
from minimand.systems.optimizers.registry import make_optimizee

TOLD = 40  # charts at most


def run(options: Mapping[str, Any], source: Source | None, out: Out) -> None:
    """Do what the form says: every rule from the same starts, on the same mini-batches."""
    task, steps, seed = options["task"], options["steps"], options["seed"]
    optimizee = make_optimizee(task, data_folder())
    starts = {name: starter(name, task) for name in options["rules"]}
    generators = {name: Generator().manual_seed(seed) for name in starts}
    walkers = {
        name: start(optimizee.begin(options["runs"], generators[name])) for name, start in starts.items()
    }  # fmt: skip
    losses: dict[str, list[float]] = {name: [] for name in starts}
    for k in range(steps):
        for name, walker in walkers.items():
            with torch.no_grad():
                loss, g = slope(optimizee.energy(options["runs"], generators[name]), walker.x)
                losses[name].append(float(loss.mean()))
                walker.move(g)
        if (k + 1) % max(1, steps // TOLD) == 0 or k == steps - 1:
            out.progress(k + 1, steps, f"step {k + 1}")
            _chart(losses, task, out)
    last = [(name, f"{values[-1]:.4f}") for name, values in sorted(losses.items(), key=lambda pair: pair[1][-1])]
    out.done([("parameters", str(optimizee.size)), *((f"last loss, {name}", value) for name, value in last)])


def _chart(losses: Mapping[str, list[float]], task: str, out: Out) -> None:
    lines = [{"name": name, "x": list(range(1, len(y) + 1)), "y": y} for name, y in losses.items()]
    out.curves(f"Loss on {task}", "step", "mean over the runs, on fresh mini-batches", lines, logarithmic=True)
