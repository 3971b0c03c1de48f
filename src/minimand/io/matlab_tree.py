"""A whole MATLAB v7.3 file as Python values: structs, cells, text and numbers, as networks are saved."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputError, reading
from .hdf5 import is_hdf5, load, walk

if TYPE_CHECKING:
    import h5py

DEEPEST = 32
MOST_VALUES = 100_000


def read_matlab_tree(path: str | Path) -> dict[str, Any]:
    """Every variable of a .mat v7.3 file: a struct is a dict, a cell or a struct array's field a list (column-major).

    Text is str, numbers are arrays with MATLAB's axes, (rows, columns, ...), scalars (1, 1), all as MATLAB has them;
    empty values are arrays of size 0. Objects of classes are left out. Raises InputError for other files and versions.
    """
    with _opened(path) as (path, file):
        budget = [MOST_VALUES]
        return {name: _value(path, file, file[name], budget, 0) for name in file if not name.startswith("#")}


def read_matlab_parts(path: str | Path, names: Sequence[str]) -> list[Any] | None:
    """The values of these variables or fields alone, such as `net/params`, as above; None where the file lacks one.

    Raises InputError as `read_matlab_tree` does.
    """
    with _opened(path) as (path, file):
        if not all(name in file for name in names):
            return None
        budget = [MOST_VALUES]
        return [_value(path, file, file[name], budget, 0) for name in names]


def read_matlab_object(path: str | Path) -> list[dict[str, Any]]:
    """The property structs of the objects in a .mat v7.3 file, which MATLAB keeps apart, values as above; an empty list
    where the file holds none. Raises InputError as `read_matlab_tree` does.
    """
    with _opened(path) as (path, file):
        store = file.get("#subsystem#/MCOS")
        if store is None:
            return []
        found = _value(path, file, store, [MOST_VALUES], 0)
        return [value for value in found if isinstance(value, dict)] if isinstance(found, list) else []


@contextmanager
def _opened(path: str | Path) -> Iterator[tuple[Path, "h5py.File"]]:
    """The file, once nothing in it points outside."""
    import h5py

    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    with reading(path, "mat v7.3"):
        if not is_hdf5(path):
            raise InputError(f"{path}: is not a MATLAB v7.3 file; save it with -v7.3.")
        with h5py.File(path, "r") as file:
            for _ in walk(path, file):  # refuses links that leave the file
                pass
            yield path, file


def _value(path: Path, file: "h5py.File", item: "h5py.Group | h5py.Dataset", budget: list[int], depth: int) -> Any:
    import h5py

    budget[0] -= 1
    if budget[0] < 0 or depth > DEEPEST:
        raise InputError(f"{path}: refers to more than {MOST_VALUES} values or {DEEPEST} levels; the file is damaged.")
    if isinstance(item, h5py.Group):
        names = [n for n in item if not n.startswith("#")]
        return {name: _value(path, file, item[name], budget, depth + 1) for name in names}
    if item.attrs.get("MATLAB_empty", 0):
        return np.zeros((0, 0))
    if item.dtype.kind == "O":
        budget[0] -= item.size
        if budget[0] < 0:
            raise InputError(f"{path}: refers to more than {MOST_VALUES} values; the file is damaged.")
        references = np.asarray(item[()]).ravel()  # HDF5 reverses the axes, so this is column-major
        return [
            _value(path, file, file[r], budget, depth + 1) for r in references if isinstance(r, h5py.Reference) and r
        ]
    array = load(path, str(item.name), item).T
    if item.attrs.get("MATLAB_class", b"") == b"char":
        return "".join(map(chr, array.ravel(order="F").tolist()))
    return array
