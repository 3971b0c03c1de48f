"""Progress on stderr: bars on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minimand.learning import Progress


@contextmanager
def training_progress(total: int) -> Iterator[Callable[["Progress"], None]]:
    """A callback that shows step, loss, validation score and the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("learning"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[figures]}"))
    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    console = Console(stderr=True)
    started, said = time.monotonic(), [0]
    with Bar(*columns, *times, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("learning", total=total, figures="")

        def show(now: "Progress") -> None:
            figures = f"loss {now.loss:.4f}, validation {now.score:.2f} dB, best {now.best:.2f} at step {now.best_step}"
            bar.update(task, completed=now.step, figures=figures)
            if not console.is_terminal and len(now.history) > said[0]:
                said[0] = len(now.history)
                minutes = (time.monotonic() - started) / 60
                print(f"step {now.step}/{total}, {minutes:.1f} min: {figures}", file=sys.stderr, flush=True)

        yield show
