"""Table 3: long runs of the convolutional networks, judged on the test pictures."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from minimand.systems.optimizers.follow import follow
from minimand.systems.optimizers.optimizees import Classifier
from minimand.systems.optimizers.race import Show, available, labelled
from minimand.systems.optimizers.registry import make_optimizee

TABLE3 = "optimizers-table3"
STEPS, RUNS = 10_000, 1
AT_ONCE = 500  # test pictures
TASKS = {"CNN-1": "cnn-1", "CNN-2": "cnn-2"}
ADAM = {"cnn-1": 5.5625e-3, "cnn-2": 2.55243e-3}  # rates of the authors' code for 10,000 steps
PUBLISHED: Mapping[str, tuple[tuple[float, float, float], ...]] = {  # loss, top-1, top-2 in percent, task by task
    "adam": ((0.10, 98.50, 99.59), (0.09, 98.98, 99.80)),
    "dmoptimizer": ((2.30, 10.10, 20.38), (2.30, 11.35, 21.45)),
    "rnnprop": ((0.36, 96.46, 99.03), (2.30, 11.37, 21.69)),
    "hyperadam": ((0.05, 98.48, 99.63), (0.07, 99.02, 99.78)),
    "hyperadam*0.3": (),  # shorter moves, as such long runs ask for
}
FIGURES = ("loss", "top1", "top2")


def accuracy_table(
    folder: Path, *, runs: int = RUNS, steps: int = STEPS, seed: int = 0,
    show: Show = lambda rule, step, steps: None,
) -> dict[str, Any]:  # fmt: skip
    """Rows of each rule's loss and accuracies (per cent) on MNIST's test pictures after the last step.

    Means over the runs, and their standard deviations where there are several. A rule without weights says so. folder:
    of the data. Raises InputError. Source: Wang et al. (2019), table 3.
    """
    rows: dict[str, dict[str, Any]] = {
        rule: {"method": rule, "tasks": {}, "published": {c: dict(zip(FIGURES, p)) for c, p in zip(TASKS, published)}}
        for rule, published in PUBLISHED.items()
    }
    for column, task in TASKS.items():
        learning, test = make_optimizee(task, folder), make_optimizee(task, folder, "test")
        assert isinstance(test, Classifier)
        for rule, row in rows.items():
            start = available(f"adam:{ADAM[task]}" if rule == "adam" else rule, task)
            if isinstance(start, str):
                row["tasks"][column] = {"unavailable": start}
                continue
            generator = Generator().manual_seed(seed)
            walker, tell = start(learning.begin(runs, generator)), partial(_tell, labelled(show, column), rule, steps)
            follow(walker, learning, steps, generator, tell)
            row["tasks"][column] = _summary(accuracies(test, walker.x))
    on = f"MNIST's test pictures, {runs} {'run' if runs == 1 else 'runs'} of {steps} steps"
    return {"table": TABLE3, "source": "Wang et al. (2019), table 3", "on": on, "rows": list(rows.values())}


def _tell(show: Show, rule: str, steps: int, done: int) -> None:
    show(rule, done, steps)


def _summary(figures: Mapping[str, Tensor]) -> dict[str, float]:
    found = {name: float(values.mean()) for name, values in figures.items()}
    spread = {f"{name}_spread": float(values.std()) for name, values in figures.items() if len(values) > 1}
    return found | spread


def accuracies(net: Classifier, x: Tensor) -> dict[str, Tensor]:
    """Loss in nats, top-1 and top-2 in per cent of each learner x, (learners, p), on all of the net's pictures."""
    pictures, learners = net.pictures, len(x)
    losses, first, second = [], [], []
    for images, labels in zip(pictures.x.split(AT_ONCE), pictures.y.split(AT_ONCE)):
        scores = net.logits(x, images.expand(learners, *images.shape)).log_softmax(2)
        right = scores.gather(2, labels.expand(learners, -1).unsqueeze(2))
        above = (scores > right).sum(2)
        losses.append(-right.squeeze(2))
        first.append(above < 1)
        second.append(above < 2)
    percent = [100 * torch.cat(ranks, 1).float().mean(1) for ranks in (first, second)]
    return dict(zip(FIGURES, (torch.cat(losses, 1).mean(1), *percent)))
