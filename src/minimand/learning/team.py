"""Processes that train one network together, as `torchrun` starts them; a single process is a team of one.

Each computes some mini-batches of a step, gradients are added up, and all make the same move, bit for bit. The first
process is the one that validates, writes and speaks.
"""

import atexit
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import torch
from torch import Tensor, nn
from torch import distributed as dist

PATIENCE = timedelta(minutes=30)  # for a process that does not answer: a validation may take its time


@dataclass(frozen=True)
class Team:
    """rank: of this process, from 0; size: how many there are."""

    rank: int = 0
    size: int = 1

    def descend(self, net: nn.Module, losses: Iterable[Tensor], *, several: bool = True) -> float:
        """The sum of losses, with the gradients of the sum in the parameters: of all that all processes have.

        Gradients are added up in double precision, so that it hardly ever matters who had which loss. several: False
        where there is one loss in all. Raises ConnectionError as `sum` does.
        """
        trained = [p for p in net.parameters() if p.requires_grad]
        total, whole = 0.0, torch.zeros(sum(p.numel() for p in trained), dtype=torch.float64)
        for loss in losses:
            for p in trained:
                p.grad = None
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
            if several:
                whole += torch.cat([_flat(p) for p in trained])
        if several:
            whole = self.sum(whole)
            for p, part in zip(trained, whole.split([p.numel() for p in trained])):
                p.grad = part.view_as(p).to(p.dtype)
        return self.total(total)

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes. Raises ConnectionError where one of them has ended."""
        if self.size > 1:
            with _together():
                dist.all_reduce(values)
        return values

    def total(self, value: float) -> float:
        """The sum of a number over all processes."""
        return float(self.sum(torch.tensor(value, dtype=torch.float64)))

    def first(self, find: Callable[[], float]) -> float:
        """What the first process finds, known to all; the others wait for it."""
        if self.size == 1:
            return find()
        found = torch.tensor(find() if self.rank == 0 else 0.0, dtype=torch.float64)
        with _together():
            dist.broadcast(found, 0)
        return float(found)

    def begin(self, net: nn.Module) -> None:
        """All start from the numbers of the first process."""
        if self.size > 1:
            with _together(), torch.no_grad():
                for value in net.state_dict().values():
                    dist.broadcast(value, 0)


@cache
def join() -> Team:
    """The team of this process, told by what `torchrun` puts into the environment. Raises ConnectionError where the
    others cannot be reached.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Team()
    with _together():
        dist.init_process_group("gloo", timeout=PATIENCE)
    atexit.register(dist.destroy_process_group)
    return Team(dist.get_rank(), size)


@contextmanager
def _together() -> Iterator[None]:
    """What torch says of a connection, in one line."""
    try:
        yield
    except RuntimeError as error:
        raise ConnectionError(
            "another process of this training has ended or cannot be reached, so it stops here; what the last "
            "checkpoint has is kept: run the same command with --resume."
        ) from error


def _flat(p: nn.Parameter) -> Tensor:
    return torch.zeros(p.numel(), dtype=torch.float64) if p.grad is None else p.grad.flatten().double()
