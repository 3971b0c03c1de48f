"""Progress on stderr: a bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minimand.learning import Progress

PATIENCE, EVERY = 2.0, 15.0  # seconds until the first line of a log and between lines


Show = Callable[[int, str, bool], None]  # (how many are done, what is being done, whether to say so at once)


@contextmanager
def counting(label: str, total: int, unit: str = "images") -> Iterator[Callable[[str, int], None]]:
    """A callback that takes what is being done and how many of the `total` are done."""
    with _shown(label, total, unit) as show:
        yield lambda text, done: show(done, text, False)


@contextmanager
def working(label: str) -> Iterator[None]:
    """A sign of life on a terminal while something takes a few seconds."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(label):
        yield


@contextmanager
def training_progress(total: int, unit: str = "dB") -> Iterator[Callable[["Progress"], None]]:
    """A callback that shows the steps done, the time left, the loss and the validation score, in `unit`."""
    seen = 0
    with _shown("learning", total, "steps") as show:

        def tell(now: "Progress") -> None:
            nonlocal seen
            figures = f"loss {now.loss:.4f}"
            if now.history:
                figures += f", validation {now.score:.2f} {unit}, best {now.best:.2f} {unit} at step {now.best_step}"
            fresh, seen = len(now.history) > seen, len(now.history)
            show(now.step, figures, fresh)

        yield tell


@contextmanager
def _shown(label: str, total: int, unit: str) -> Iterator[Show]:
    """A bar where stderr is a terminal, else lines."""
    if not sys.stderr.isatty():
        yield _lines(label, total, unit)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.progress import TimeRemainingColumn as Left

    times = (TimeElapsedColumn(), TextColumn("left"), Left())
    columns = (TextColumn(label), BarColumn(bar_width=16), MofNCompleteColumn(), *times)
    with Progress(*columns, TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda done, text, fresh: bar.update(task, completed=done, description=text)


def _lines(label: str, total: int, unit: str) -> Show:
    begun = time.monotonic()
    due, first = begun + PATIENCE, -1

    def show(done: int, text: str, fresh: bool) -> None:
        nonlocal due, first
        now = time.monotonic()
        if first < 0:
            first = done - 1 if unit == "steps" else 0  # a resumed run does not begin at 0
        if fresh or (now >= due and done < total):
            due = now + EVERY
            left = (now - begun) / max(done - first, 1) * (total - done)
            said = [f"{label}: {done} of {total} {unit}", _clock(now - begun), f"{_clock(left)} left", text]
            print(", ".join(filter(None, said)), file=sys.stderr, flush=True)

    return show


def _clock(seconds: float) -> str:
    """0:07, 12:34 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
