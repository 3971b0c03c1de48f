"""A process that waits warm, does one job and ends: `python -m minimand.app.worker`.

It reads the job as one line of JSON and writes events as lines of JSON. It ends when its input does, so that no job
outlives the page's server.
"""

import json
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from minimand.app.out import UNPACKED, Out, Source
from minimand.app.tabs import TABS
from minimand.io import InputError
from minimand.io.errors import AmbiguousError, out_of_memory
from minimand.io.room import memory_limit


def main() -> None:
    """Get warm, wait for a job, do it."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no event

    def tell(event: Mapping[str, Any]) -> None:
        print(json.dumps(event, allow_nan=False), file=events, flush=True)

    from minimand.app.tab_mri import warm

    warm()
    tell({"kind": "ready"})
    if line := sys.stdin.readline():
        threading.Thread(target=_end_with_input, daemon=True).start()
        job = json.loads(line)
        os.environ["MINIMAND_CACHE"] = str(Path(job["folder"]) / UNPACKED)  # nothing of a job outlives it
        work(job, tell)


def work(job: Mapping[str, Any], tell: Any) -> None:
    """Do one job; a mistake in it becomes one line."""
    source = None
    for path, name in reversed(job["files"]):
        source = Source(Path(path), name, source)
    _limit(job["memory"])
    try:
        with memory_limit(int(job["memory"])):
            import_module(TABS[job["tab"]].module).run(job["options"], source, Out(Path(job["folder"]), tell))
    except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
        tell({"kind": "failed", "text": explained(error, source, Path(job["folder"]))})


def explained(error: Exception, source: Source | None, folder: Path) -> str:
    """One line for the user, with the user's names of files; anything but a mistake leaves its traceback on stderr."""
    if isinstance(error, AmbiguousError) and source:
        return f"{source.name} holds several arrays; type the name of one: {', '.join(error.names[:12])}."
    if out_of_memory(error):
        return "There is not enough memory for this job; take fewer slices or a smaller file."
    text = " ".join(str(error).split()).replace(f"{folder / UNPACKED}{os.sep}", "")
    for file in filter(None, (source, source and source.beside)):
        text = text.replace(str(file.path), file.name).replace(file.path.name, file.name)
    if isinstance(error, (InputError, ValueError, OSError, ArithmeticError)):
        return text
    traceback.print_exception(error)
    return f"This is a defect of the program ({type(error).__name__}: {text}); the terminal shows where."


def _limit(memory: int) -> None:
    """Memory of this process, where the system can limit it; the server looks, too."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
