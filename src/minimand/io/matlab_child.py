"""Runs alone: `python matlab_child.py FILE.mat RESULT.npz MAX_BYTES`. See matlab.py.

Exit status 0 with the arrays in RESULT, or 3 with one line on stderr; anything else is a crash.
"""

import os
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads alone would fill the address space allowed below

import numpy as np

DEEPEST = 16


def restrict(most: int) -> None:
    """Bound memory, processor time and output, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the parent's time limit remains
        return
    for what, limit in (
        (resource.RLIMIT_AS, 2 * most + 2**30),
        (resource.RLIMIT_FSIZE, 2 * most),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (limit, limit))
        except (ValueError, OSError):  # an outer limit is tighter already
            continue


def leaves(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, np.ndarray]]:
    """Every numeric array below `value`: variables, and fields of 1 x 1 structs as `struct/field`."""
    if hasattr(value, "tocoo"):
        value = value.toarray()
    if not isinstance(value, np.ndarray) or depth > DEEPEST:
        return
    if value.dtype.names and value.size == 1:
        for field in value.dtype.names:
            yield from leaves(f"{name}/{field}", value.flat[0][field], depth + 1)
    elif value.dtype.kind in "biufc":
        yield name, value


def main(source: str, result: str, most: int) -> None:
    """Write every numeric array of the file `source` to `result`."""
    restrict(most)
    from scipy.io import loadmat

    with open(source, "rb") as file:
        variables = loadmat(file)
    with zipfile.ZipFile(result, "w", zipfile.ZIP_STORED) as archive:
        for variable, value in variables.items():
            if variable.startswith("__"):
                continue
            for name, array in leaves(variable, value):
                with archive.open(name + ".npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    except Exception as error:  # noqa: BLE001 - the parent reads the last line
        sys.stderr.write(f"{type(error).__name__}: {error}".replace("\n", " ") + "\n")
        sys.exit(3)
