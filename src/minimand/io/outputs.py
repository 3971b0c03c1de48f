"""Many outputs in one folder: all of their names are checked before the first is written."""

from collections.abc import Sequence
from pathlib import Path

from .atomic import check_output
from .errors import InputError

Job = tuple[Path, Sequence[str]]  # what is read, and the names of what is written; the first has a record beside it


def check_outputs(folder: Path, jobs: Sequence[Job], force: bool = False) -> list[list[Path]]:
    """Where each job writes. The folder is made if its parent is there.

    Raises InputError for two jobs with an output of one name, for an output that exists (unless `force`) or is read.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file, a folder is needed for what is written; choose another name.")
    if not folder.absolute().parent.is_dir():
        raise InputError(f"{folder}: the folder {folder.parent} does not exist; create it or choose another one.")
    sources = {source.resolve() for source, _ in jobs}
    taken: dict[Path, Path] = {}
    for source, names in jobs:
        for k, output in enumerate(folder / name for name in names):
            if output.resolve() in sources:
                raise InputError(f"{output}: is one of the files to read; choose another folder.")
            if folder.is_dir():
                check_output(output, force, record=k == 0)
            if output in taken:
                raise InputError(f"{source} and {taken[output]}: have one name; take one after the other.")
            taken[output] = source
    folder.mkdir(exist_ok=True)
    return [[folder / name for name in names] for _, names in jobs]
