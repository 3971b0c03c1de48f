"""Threads for compiled loops: they release the GIL, so plain Python threads spread them over the cores."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import torch

_chosen: list[int] = []  # by `use`


def use(threads: int) -> None:
    """Let the loops of this process use so many threads, whatever the environment says."""
    _chosen[:] = [threads]


def count() -> int:
    """How many threads the loops use: NUMBA_NUM_THREADS where it is set, else torch's number (OMP_NUM_THREADS)."""
    wanted = os.environ.get("NUMBA_NUM_THREADS", "")
    if _chosen:
        return _chosen[0]
    return max(1, int(wanted)) if wanted.isdecimal() else torch.get_num_threads()


def spread(work: Callable[[int], None], tasks: int) -> None:
    """Call work(0), ..., work(tasks - 1), side by side where there are threads; each must write to its own place.

    The calling thread works too: it keeps its core busy, so that the system wakes the other threads on other cores.
    """
    turns = iter(range(tasks))

    def drain() -> None:
        for k in turns:
            work(k)

    others = min(count(), tasks) - 1
    helping = [_pool(others, os.getpid()).submit(drain) for _ in range(others)]
    try:
        drain()
    finally:
        for future in helping:
            if not future.cancel():  # one that has not begun has nothing left to do
                future.result()


@lru_cache(maxsize=4)
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """One pool a size and process: threads do not survive a fork."""
    return ThreadPoolExecutor(threads, thread_name_prefix="minimand")
