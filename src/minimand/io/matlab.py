"""MATLAB's .mat: v7.3 is HDF5; v4 to v7 are parsed by scipy in a child process.

Scipy's parser is compiled code that one changed byte can crash, so it runs where a crash is only an exit status, with
limits on memory and time, and hands its arrays back as .npz. The child stays for the next file: starting it takes
longer than parsing.
"""

import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from .child import Child, ChildError
from .errors import InputError, one_line, reading
from .hdf5 import is_hdf5, read_hdf5
from .limits import most_unpacked
from .numpy_files import list_npz, load_npz
from .spec import choose
from .stored import Stored, pages_first, pages_last

OURS = b"MATLAB 5.0 MAT-file, written by Minimand"
SECONDS = 60  # for the child to start and to parse a small file
BYTES_PER_SECOND = 5e6
PARSER = Child(Path(__file__).with_name("matlab_child.py"))


def read_mat(path: Path, key: str | None, prefer: Sequence[str]) -> Stored:
    """One array of a .mat file of any version; fields of structs are named `struct/field`.

    What counts images comes last in MATLAB, (rows, columns, slices), and is moved to the front. Python's scipy.io
    often writes (slices, rows, columns) instead: where both last axes are longer than the shorter of the first two,
    that order is taken, and a note says so. Raises InputError.
    """
    with reading(path, "mat"):
        if is_hdf5(path):
            return read_hdf5(path, key.replace(".", "/") if key else key, prefer, matlab=True)
        with open(path, "rb") as file:
            ours = file.read(len(OURS)) == OURS
    with tempfile.TemporaryDirectory(prefix="minimand-") as folder:
        result = Path(folder, "arrays.npz")
        _parse(path, result)
        with reading(path, "mat"), zipfile.ZipFile(result) as archive:
            arrays = list_npz(path, archive)
            key = choose(path, key.replace(".", "/") if key else key, prefer, arrays)
            array = load_npz(path, archive, key)
    if array.ndim > 2 and not ours and min(array.shape[-2:]) > min(array.shape[:2]):
        rows, columns = array.shape[-2:]
        note = f"{path}:{key} has shape {array.shape}, taken as a stack of {rows} x {columns} images (first axes count)"
        return Stored(array, path, key, "mat v5", siblings=arrays, notes=(note,))
    return Stored(pages_first(array), path, key, "mat v5", siblings=arrays)


def _parse(path: Path, result: Path) -> None:
    """Let a child process write every numeric array of `path` to `result`."""
    size = path.stat().st_size
    seconds = SECONDS + size / BYTES_PER_SECOND
    question = {"source": str(path.absolute()), "result": str(result), "most": most_unpacked(size), "seconds": seconds}
    try:
        PARSER.ask(question, seconds)
    except ChildError as error:
        if error.late:
            raise InputError(
                f"{path}: was not parsed within {seconds:.0f} s; it is damaged or too large, save it with -v7.3."
            ) from error
        raise InputError(
            f"{path}: cannot be read as mat, it is truncated, damaged or something else ({one_line(str(error), 200)}); "
            "save it again in MATLAB, or as .npz."
        ) from error


def write_mat(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays as .mat v5, (rows, columns, slices). Raises InputError beyond the format's 2 GiB."""
    from scipy.io import savemat

    for name, array in arrays.items():
        if not name.isidentifier() or not name.isascii() or name.startswith("_"):
            raise InputError(f"{name!r} cannot be the name of a MATLAB variable; use letters, digits and '_'.")
        if array.nbytes >= 2**31:
            raise InputError(
                f"{name} has {array.nbytes / 2**30:.1f} GiB, .mat v5 holds up to 2 GiB; write .h5 instead."
            )
    start = file.tell()
    savemat(file, {name: pages_last(array) for name, array in arrays.items()}, do_compression=True)
    file.seek(start)
    file.write(OURS.ljust(116))  # the format's free text; tells our reader how the axes run
    file.seek(0, 2)
