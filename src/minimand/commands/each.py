"""A command over several files: one after the other; what cannot be read is told at the end, the others are done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from minimand.commands.console import note, print_json
from minimand.commands.progress import counting
from minimand.io import InputError

Job = TypeVar("Job")
Entry = TypeVar("Entry")
Plain = dict[str, Any]


@dataclass(frozen=True)
class Each(Generic[Entry]):
    """What was found in plain values, what the report shows of it, and one line for each file that failed."""

    told: list[Plain]
    entries: list[Entry]
    failed: list[str]
    unit: str


def run_each(
    label: str,
    unit: str,
    jobs: Mapping[str, Job],
    run: Callable[[Job], tuple[Plain, Entry | None, Sequence[str]]],
    line: Callable[[Plain], str] | None,
) -> Each[Entry]:
    """Run every job, by the name that progress shows. unit: what they are, many of them.

    run: gives plain values, what the report shows (None where none is wanted), and notes for the user; an InputError of
    it stops that job alone. line: what is printed of each; None: nothing.
    """
    done: Each[Entry] = Each([], [], [], unit)
    with counting(label, len(jobs), unit) as show:
        for k, (name, job) in enumerate(jobs.items()):
            show(name, k)
            try:
                told, entry, notes = run(job)
            except InputError as error:
                done.failed.append(str(error))
                continue
            for text in notes:
                note(text)
            done.told.append(told)
            done.entries.extend([] if entry is None else [entry])
            if line is not None:
                print(line(told))
    return done


def finish(done: Each[Any], facts: Mapping[str, Any], *, json: bool) -> None:
    """Print the JSON object, `facts` and what failed, unless everything did; then raise InputError if anything did."""
    count, failed = len(done.told) + len(done.failed), done.failed
    if json and done.told:
        print_json({**facts, "failed": failed})
    if failed:
        more = f"; {len(failed)} of {count} {done.unit} failed, the others are done" if count > 1 else ""
        raise InputError(f"{failed[0]}{more}")
