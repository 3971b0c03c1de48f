"""Scans on the workers of a Dask cluster: what runs on a worker, and who is given what when."""

import hashlib
import json
import logging
import os
import platform
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minimand.io import InputError, record_path, sha256
from minimand.io.errors import one_line

if TYPE_CHECKING:
    from distributed import Client

    from minimand.commands.batch_manifest import Row
    from minimand.systems.mri.job import Way

AHEAD = 8  # scans sent to a worker before it asks
PATIENCE = 120.0


def run_scan(task: dict[str, Any]) -> dict[str, Any]:
    """On a worker: reconstruct one scan. Whatever goes wrong is told in the result, never raised.

    task: kspace, maps, files, output (a path), way, memory, force. The result has `state` (`done` or `failed`),
    `reason`, `passing` (whether another try may help: disk, memory, network), `job` (a hash of content and options),
    `slices`, `seconds` (whole), `host`.
    """
    from minimand.io.room import memory_limit
    from minimand.systems.mri.job import Way, reconstruct_file

    begun, output = time.perf_counter(), Path(task["output"])
    told: dict[str, Any] = {"state": "failed", "reason": "", "passing": False, "slices": 0, "host": platform.node()}
    try:
        _one_thread()
        told["job"] = job_of(task)
        if made_before(output, told["job"]):
            told |= {"state": "done", "again": True}
        else:
            way = Way(**task["way"])
            with memory_limit(_memory(task["memory"])):
                made = reconstruct_file(
                    task["kspace"], output, way, maps=task["maps"], more={"job": told["job"]}, force=task["force"]
                )
            told |= {"state": "done", "slices": made.slices, "notes": made.notes}
    except Exception as error:  # noqa: BLE001 - one scan never stops the others
        cause = error.__cause__ if isinstance(error, InputError) else error
        told["passing"] = isinstance(cause, OSError | MemoryError) and not isinstance(cause, FileNotFoundError)
        known = isinstance(error, ValueError | OSError | ArithmeticError)
        told["reason"] = one_line(str(error) if known else f"{type(error).__name__}: {error}", 400)
    return {**told, "seconds": time.perf_counter() - begun}


def _memory(asked: float | None) -> int | None:
    """Bytes that a scan may use on this worker: what was asked for (GiB), else half of what Dask lets it have."""
    from distributed import get_worker

    if asked is not None:
        return int(asked * 2**30)
    limit = get_worker().memory_manager.memory_limit
    return limit // 2 if limit else None


def _one_thread() -> None:
    import torch

    from minimand.kernels.threads import use

    torch.set_num_threads(1)
    use(1)


def job_of(task: dict[str, Any]) -> str:
    """What a result is made of: a hash over the content of its files and all options. Raises InputError."""
    from minimand.systems.mri.job import Way

    files = [sha256(file) for file in task["files"]]
    way = way_key(Way(**{**task["way"], "mask": task["mask_spec"]}))
    whole = {"files": files, "way": way, "kspace": key_of(task["kspace"])}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def key_of(spec: str) -> str:
    """What a spec says beside the file: which array, and which part of it."""
    from minimand.io import parse_spec
    from minimand.io.spec import index_text

    found = parse_spec(spec)
    return f"{found.key or ''}{index_text(found.index)}"


def made_before(output: Path, job: str) -> bool:
    """Whether the output is whole and was made of the same content in the same way."""
    try:
        return output.is_file() and json.loads(record_path(output).read_text(encoding="utf-8")).get("job") == job
    except (OSError, ValueError, AttributeError):
        return False


def way_key(way: "Way") -> str:
    """A hash of how scans are reconstructed, the numbers of the network included. Raises InputError."""
    from minimand import __version__
    from minimand.weights import load_weights

    parts: dict[str, Any] = {**asdict(way), "version": __version__}
    if way.weights:
        parts["weights"] = load_weights(way.weights).card["sha256"]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@contextmanager
def cluster(scheduler: str | None, workers: int) -> Iterator["Client"]:
    """A client of the scheduler at an address, or of a cluster of processes on this machine, which ends with it.

    Raises InputError where the extra is not installed or nobody answers at the address.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise InputError("batch needs dask.distributed; install it: pip install 'minimand[batch]'.") from error
    settings = {"distributed.scheduler.allowed-failures": 0}  # `run_all` tries again, and one by one
    for name in ("distributed", "distributed.nanny", "distributed.scheduler", "distributed.worker.state_machine"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # a worker that dies is told in the result of its scans
    with dask.config.set(settings):
        if scheduler is not None:
            try:
                client = Client(scheduler, timeout=20)
            except (OSError, ValueError) as error:
                raise InputError(
                    f"--scheduler {scheduler}: nobody answers there ({error}); start dask scheduler."
                ) from error
            with client:
                yield client
            return
        here: dict[str, Any] = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
        with LocalCluster(n_workers=workers, threads_per_worker=1, **here) as local, Client(local) as client:
            yield client


def run_all(
    client: "Client", tasks: Sequence[dict[str, Any]], retries: int, sent: Callable[[dict[str, Any]], None]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each task with its result, as they come. A failure that may pass is tried again, after the others; what was at
    hand when a worker died is tried again one by one, so that a scan that kills takes no other with it. sent: told of
    each task before it leaves.
    """
    waiting, suspects, tries = deque(tasks), deque[dict[str, Any]](), Counter[str]()
    running: dict[Any, dict[str, Any]] = {}

    def send() -> None:
        most = AHEAD * max(1, sum(client.nthreads().values()))
        if not waiting and not running and suspects:
            waiting.append(suspects.popleft())
        while waiting and len(running) < most:
            task = waiting.popleft()
            sent(task)
            name = f"{task['name']}-{tries[task['name']]}"
            running[client.submit(run_scan, task, key=name, pure=False)] = task

    send()
    while running:
        future = _next(client, list(running))
        task, told = running.pop(future), _result(future)
        if told["passing"] and tries[task["name"]] < retries:
            tries[task["name"]] += 1
            if not waiting and not running:
                time.sleep(tries[task["name"]])  # what is full or away may need a moment
            again = {**task, "force": True}  # what lies there now is what the first try left
            (suspects if told.get("lost") else waiting).append(again)
        else:
            yield task, {**told, "tries": tries[task["name"]] + 1}
        send()


def _next(client: "Client", futures: Sequence[Any]) -> Any:
    """One that is done. Raises InputError where there has been no worker for `PATIENCE` seconds."""
    from distributed import wait

    seen = time.monotonic()
    while True:
        try:
            return wait(futures, timeout=5, return_when="FIRST_COMPLETED").done.pop()
        except TimeoutError:
            if client.nthreads():
                seen = time.monotonic()
            if time.monotonic() - seen > PATIENCE:
                raise InputError(
                    f"there has been no worker for {PATIENCE:.0f} s; see why, and run the same command again."
                ) from None


def _result(future: Any) -> dict[str, Any]:
    """What a worker told, or what became of it."""
    from distributed import KilledWorker

    error = future.exception()
    if error is None:
        told: dict[str, Any] = future.result()
        return told
    lost = isinstance(error, KilledWorker)
    reason = (
        "its worker died each time it was tried (out of memory, or a crash)" if lost else one_line(repr(error), 400)
    )
    return {
        "state": "failed", "reason": reason, "passing": lost, "lost": lost, "slices": 0, "seconds": 0.0, "host": "",
    }  # fmt: skip


def task_of(row: "Row", folder: Path, way: "Way", memory: float | None, force: bool) -> dict[str, Any]:
    """What a worker is told of a scan; names count from the root, since workers run elsewhere."""
    return {
        "name": row.output,
        "kspace": os.path.abspath(row.kspace),
        "maps": os.path.abspath(row.maps) if row.maps else None,
        "files": [str(file.absolute()) for file in row.files],
        "output": str((folder / row.output).absolute()),
        "way": asdict(replace(way, mask=os.path.abspath(row.mask_file) if row.mask_file else row.mask or None)),
        "mask_spec": None if row.mask_file else row.mask or None,
        "memory": memory,
        "force": force,
    }
