"""Jobs: a queue, a warm process for the next one, limits while it runs, and the events that it tells."""

import asyncio
import json
import os
import re
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from minimand.app.files import Received
from minimand.app.limits import Limits
from minimand.app.out import UNPACKED

WORKER = (sys.executable, "-m", "minimand.app.worker")
LINE = 4 * 2**20  # bytes of an event at most
LOOK = 0.1  # seconds between looks at the memory of a job
ENDED = ("done", "failed", "cancelled")
NAME = re.compile(r"[0-9]{1,6}\.(u8|u16|json|zip)")


class Full(RuntimeError):
    """The queue holds as many jobs as it may."""


class Job:
    """One job: what is to be done, where its files lie, and what it has told so far."""

    def __init__(
        self, tab: str, options: dict[str, Any], source: Received | None, folder: Path, beside: Received | None = None
    ):
        self.id = secrets.token_hex(8)
        self.tab, self.options, self.source, self.beside = tab, options, source, beside
        self.folder = folder / self.id
        self.events: list[dict[str, Any]] = []
        self.process: asyncio.subprocess.Process | None = None
        self._news = asyncio.Condition()

    @property
    def state(self) -> str:
        """queued, running, done, failed or cancelled."""
        last = self.events[-1]["kind"] if self.events else "queued"
        return last if last in (*ENDED, "queued") else "running"

    @property
    def ended(self) -> bool:
        """Whether nothing more will be told."""
        return self.state in ENDED

    async def tell(self, event: dict[str, Any]) -> None:
        """Add an event, unless the job has ended."""
        if not self.ended:
            self.events.append(event)
            async with self._news:
                self._news.notify_all()

    async def follow(self, first: int = 0) -> AsyncIterator[tuple[int, dict[str, Any]] | None]:
        """The events from number `first` on, until the last one; None where nothing happened for a while."""
        while True:
            while first < len(self.events):
                yield first, self.events[first]
                first += 1
            if self.ended:
                return
            async with self._news:
                try:
                    await asyncio.wait_for(self._news.wait(), 10)
                except TimeoutError:
                    yield None

    def file(self, name: str) -> Path | None:
        """The file of a name that the job gave out."""
        path = self.folder / name
        return path if NAME.fullmatch(name) and path.is_file() else None

    def described(self) -> dict[str, Any]:
        """The job without its events."""
        return {"id": self.id, "tab": self.tab, "state": self.state, "options": self.options,
                "file": None if self.source is None else self.source.name}  # fmt: skip


class Jobs:
    """The jobs of this server, `limits.at_once` of them at a time, each in a process that was started before."""

    def __init__(self, folder: Path, limits: Limits, worker: Sequence[str] = WORKER):
        self.folder, self.limits, self.worker = folder, limits, worker
        self.known: dict[str, Job] = {}
        self._queue: asyncio.Queue[Job] = asyncio.Queue()
        self._warm: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue(1)
        self._runners: list[asyncio.Task[None]] = []
        self._processes: set[asyncio.subprocess.Process] = set()

    def start(self) -> None:
        """Begin to work."""
        tasks = [self._run() for _ in range(self.limits.at_once)]
        self._runners = [asyncio.create_task(task) for task in (self._stock(), *tasks)]

    async def close(self) -> None:
        """Stop every job and process."""
        for runner in self._runners:
            runner.cancel()
        await asyncio.gather(*self._runners, return_exceptions=True)
        for process in list(self._processes):
            _kill(process)
            await process.wait()

    async def submit(
        self, tab: str, options: dict[str, Any], source: Received | None, beside: Received | None = None
    ) -> Job:
        """Queue a job. Raises Full."""
        waiting = [job for job in self.known.values() if job.state == "queued"]
        if len(waiting) >= self.limits.waiting:
            raise Full(f"{len(waiting)} jobs wait already; cancel some, or wait until they are done.")
        job = Job(tab, options, source, self.folder, beside)
        job.folder.mkdir(mode=0o700)
        self.known[job.id] = job
        await job.tell({"kind": "queued", "ahead": len(waiting)})
        self._queue.put_nowait(job)
        self._forget()
        return job

    async def cancel(self, job: Job) -> None:
        """Stop a job; what it has told stays."""
        await job.tell({"kind": "cancelled", "text": "This job was cancelled."})
        if job.process is not None:
            _kill(job.process)

    def remove(self, job: Job) -> None:
        """Forget a job that has ended, and its files."""
        self.known.pop(job.id)
        shutil.rmtree(job.folder, ignore_errors=True)

    def _forget(self) -> None:
        ended = [job for job in self.known.values() if job.ended]
        for job in ended[: max(0, len(ended) - self.limits.kept)]:
            self.remove(job)

    async def _stock(self) -> None:
        """Keep processes at hand, so that a job need not wait until one is warm."""
        while True:
            await self._warm.put(await self._start())

    async def _run(self) -> None:
        while True:
            job = await self._queue.get()
            if job.ended:  # cancelled while it waited
                continue
            process = await self._warm.get()
            if job.ended:
                _kill(process)
                continue
            job.process = process
            await job.tell({"kind": "started"})
            watch = asyncio.create_task(self._watch(job, process))
            try:
                await asyncio.wait_for(self._listen(job, process), self.limits.seconds)
            except TimeoutError:
                minutes = self.limits.seconds / 60
                await job.tell({"kind": "failed", "text": f"This job took more than {minutes:.3g} minutes."})
            except ValueError:  # a line that is too long, or no JSON
                await job.tell({"kind": "failed", "text": "The job said something that cannot be understood."})
            finally:
                watch.cancel()
                _kill(process)
            await process.wait()
            self._processes.discard(process)
            shutil.rmtree(job.folder / UNPACKED, ignore_errors=True)
            await job.tell({"kind": "failed", "text": "The job ended without a word; the terminal may show why."})

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self.worker, stdin=pipe, stdout=pipe, limit=LINE, start_new_session=True
        )
        self._processes.add(process)
        return process

    async def _listen(self, job: Job, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        files = [[str(file.path), file.name] for file in (job.source, job.beside) if file is not None]
        order = {
            "tab": job.tab, "options": job.options, "folder": str(job.folder), "files": files,
            "memory": self.limits.memory,
        }  # fmt: skip
        with suppress(ConnectionError):
            process.stdin.write(json.dumps(order).encode() + b"\n")
            await process.stdin.drain()
        async for line in process.stdout:
            event = json.loads(line)
            if event["kind"] != "ready":
                await job.tell(event)
            if job.ended:
                return

    async def _watch(self, job: Job, process: asyncio.subprocess.Process) -> None:
        """Stop the job where it takes more memory than it may."""
        while True:
            if resident(process.pid) > self.limits.memory:
                gib = self.limits.memory / 2**30
                text = f"This job took more than {gib:.3g} GiB of memory and was stopped; take fewer slices."
                await job.tell({"kind": "failed", "text": text})
                _kill(process)
                return
            await asyncio.sleep(LOOK)


def resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _kill(process: asyncio.subprocess.Process) -> None:
    """End a process and those that it started."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
