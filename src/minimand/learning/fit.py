"""Fitting: Adam on mini-batches, then L-BFGS on the whole set; the best network on validation is kept."""

import json
import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from minimand.io import InputError
from minimand.learning.checkpoint import load_checkpoint, save_checkpoint
from minimand.learning.team import Team

ROUND = 5  # L-BFGS iterations in one full-batch step
CLIP = 1.0  # gradient norm above which a step of Adam is shortened


@runtime_checkable
class Task(Protocol):
    """What is learned: losses on training data and a score on validation data. Deterministic in `step`."""

    def loss(self, net: Any, step: int) -> Tensor:
        """Mean loss on mini-batch number `step`, a scalar with its graph."""

    def parts(self, net: Any) -> Iterator[Tensor]:
        """Losses on the whole training set in parts whose sum is the mean loss, for full-batch steps."""

    def validate(self, net: Any) -> float:
        """Score on validation data, higher is better."""


@runtime_checkable
class Carrying(Protocol):
    """A task whose mini-batches go on from one another: what a step needs of those before lies in the checkpoint."""

    def carried(self) -> dict[str, Any]:
        """Nested dicts, lists, tensors and plain numbers."""

    def carry(self, net: Any, state: dict[str, Any]) -> None:
        """Go on from what `carried` told."""


@runtime_checkable
class Divisible(Protocol):
    """A task whose training set processes may share in full-batch steps."""

    def some_parts(self, net: Any, first: int, step: int) -> Iterator[Tensor]:
        """Every `step`-th part from `first` on, of those that `parts` has."""


@dataclass
class Progress:
    """Where a fit stands. steps: in all. history: (step, training loss since the last validation, validation score)."""

    step: int = 0
    steps: int = 0
    loss: float = math.nan
    score: float = -math.inf
    best: float = -math.inf
    best_step: int = 0
    stopped: bool = False
    history: list[tuple[int, float, float]] = field(default_factory=list)


Watch = Callable[[int], AbstractContextManager[Callable[[Progress], None]]]  # steps in all -> what is told of each


def unwatched(steps: int) -> AbstractContextManager[Callable[[Progress], None]]:
    """A `Watch` that tells nobody."""
    return nullcontext(lambda progress: None)


def fit(
    net: nn.Module,
    task: Task,
    *,
    steps: int,
    full: int = 0,
    rate: Callable[[str], float],
    every: int = 100,
    checkpoint: Path | None = None,
    resume: bool = False,
    run: Mapping[str, Any] | None = None,
    show: Callable[[Progress], None] = lambda progress: None,
    accumulate: int = 1,
    team: Team = Team(),  # noqa: B008 - a value
) -> Progress:
    """Learn `net` in place: `steps` of Adam with cosine decay, then `full` rounds of five L-BFGS iterations on
    the whole training set.

    rate: learning rate of each parameter by its name. every: Adam steps between validations (there is one after every
    L-BFGS round). The network ends at the best validation score. checkpoint: saved at every validation and at Ctrl-C
    or SIGTERM, which end the fit after the step at hand (`stopped`); with `resume` it goes on from there, bit for bit.
    run: the options that make the run what it is, kept in the checkpoint; InputError where a resumed run has others.
    accumulate: mini-batches of one step of Adam, whose mean loss it is of: mini-batches k accumulate, k accumulate + 1,
    ... of the task. team: processes that share them, and the parts of the training set in L-BFGS; the result is that of
    one process but for rounding. The first one validates and saves. Raises InputError where they cannot be shared.
    """
    _check_shared(task, full, accumulate, team)
    team.begin(net)
    named = list(net.named_parameters())
    adam = torch.optim.Adam([{"params": [p], "lr": rate(name), "born": rate(name)} for name, p in named])
    lbfgs = torch.optim.LBFGS(
        [p for _, p in named], max_iter=ROUND, max_eval=4 * ROUND, history_size=10, line_search_fn="strong_wolfe"
    )
    losses: list[float] = []
    now, best = Progress(), _copy(net)
    options: dict[str, Any] = json.loads(json.dumps(dict(run or {})))
    if resume:
        if checkpoint is None:
            raise ValueError("fit needs a checkpoint to resume from.")
        saved = load_checkpoint(checkpoint)
        require_same(saved.get("run", options), options, checkpoint)
        now, best, losses = _restore(saved, checkpoint, net, adam, lbfgs)
        if isinstance(task, Carrying):
            task.carry(net, saved["task"])
    now.steps = steps + full
    with polite_interrupt() as asked:
        while now.step < steps + full and not now.stopped:
            first = now.step < steps
            if first:
                loss = _adam_step(net, task, adam, now.step, steps, accumulate, team)
            else:
                loss = _lbfgs_step(task, net, lbfgs, team)
            if not math.isfinite(loss):
                raise ArithmeticError(f"The training loss is {loss} at step {now.step}; lower the learning rate.")
            losses.append(loss)
            now.step += 1
            now.loss, now.stopped = loss, team.total(float(asked.is_set())) > 0
            if now.step % every == 0 or now.step == steps + full or not first:
                best = _validate(task, net, now, losses, team) or best
                losses = []
            if checkpoint and (now.stopped or not losses) and team.rank == 0:
                carried = {"task": task.carried()} if isinstance(task, Carrying) else {}
                saved = {"run": options, **carried, **_snapshot(now, net, best, losses, adam, lbfgs)}
                save_checkpoint(checkpoint, saved)
            show(now)
    net.load_state_dict(best)
    return now


def _check_shared(task: Task, full: int, accumulate: int, team: Team) -> None:
    """Raise InputError where a step cannot be made of several mini-batches, or not by so many processes."""
    if accumulate > 1 and isinstance(task, Carrying):
        raise InputError("this training goes on from one mini-batch to the next; leave out --accumulate.")
    if accumulate % team.size:
        raise InputError(
            f"a step has {accumulate} mini-batch{'es' * (accumulate > 1)}, which {team.size} processes cannot share "
            f"evenly; add --accumulate {team.size}, or start fewer."
        )
    if full and team.size > 1 and not isinstance(task, Divisible):
        raise InputError("full-batch steps of this training are for one process; leave out --full or start one.")


def _adam_step(
    net: nn.Module, task: Task, adam: torch.optim.Optimizer, step: int, steps: int, accumulate: int, team: Team
) -> float:
    for group in adam.param_groups:
        group["lr"] = group["born"] * 0.5 * (1 + math.cos(math.pi * step / steps))
    own = range(team.rank, accumulate, team.size)
    losses = (task.loss(net, step * accumulate + k) / accumulate for k in own)
    loss = team.descend(net, losses, several=accumulate > 1)
    nn.utils.clip_grad_norm_(net.parameters(), CLIP)
    adam.step()
    return loss


def _lbfgs_step(task: Task, net: nn.Module, lbfgs: torch.optim.LBFGS, team: Team) -> float:
    def closure() -> float:
        if team.size > 1 and isinstance(task, Divisible):
            return team.descend(net, task.some_parts(net, team.rank, team.size))
        return team.descend(net, task.parts(net))

    return float(lbfgs.step(closure))


def _validate(task: Task, net: nn.Module, now: Progress, losses: list[float], team: Team) -> dict[str, Tensor] | None:
    """Score the network and write it down; its numbers, where none was better. losses: since the last time."""
    now.score = team.first(lambda: task.validate(net))
    now.history.append((now.step, round(sum(losses) / len(losses), 5), round(now.score, 4)))
    if now.score > now.best:
        now.best, now.best_step = now.score, now.step
        return _copy(net)
    return None


def _copy(net: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


def _snapshot(now: Progress, net: nn.Module, best: dict[str, Tensor], losses: list[float], *optimizers: Any) -> Any:
    return {
        "progress": {**vars(now), "stopped": False},
        "losses": losses,
        "net": _copy(net),
        "best": best,
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
    }


def require_same(begun: dict[str, Any], asked: dict[str, Any], path: Path) -> None:
    """Raise InputError naming what differs between the run of a checkpoint and the one that resumes it."""
    if other := [name for name in {**begun, **asked} if begun.get(name) != asked.get(name)]:
        raise InputError(
            f"{path}: this run has {', '.join(f'{name} {asked.get(name)}' for name in other)}, the one it would resume "
            f"{', '.join(f'{name} {begun.get(name)}' for name in other)}; give the same options, or start anew."
        )


def _restore(
    saved: dict[str, Any], path: Path, net: nn.Module, *optimizers: torch.optim.Optimizer
) -> tuple[Progress, dict[str, Tensor], list[float]]:
    try:
        net.load_state_dict(saved["net"])
        for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        history = [(int(a), float(b), float(c)) for a, b, c in saved["progress"]["history"]]
        progress = Progress(**{**saved["progress"], "history": history})
        return progress, saved["best"], list(saved["losses"])
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path}: the checkpoint is of another network or run ({reason}); start without --resume."
        ) from error


@contextmanager
def polite_interrupt() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; a second one ends as usual."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, frame: Any) -> None:
        asked.set()
        signal.signal(number, usual[signal.Signals(number)])

    for number in usual:
        signal.signal(number, note)
    try:
        yield asked
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
