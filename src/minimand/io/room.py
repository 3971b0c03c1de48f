"""Room for arrays: in memory where they are small beside what may be used, else in a file on disk.

The file has no name and goes with the process. What is done to such arrays is done part by part, in parts that do not
depend on where an array lies, so that results do not either.
"""

import math
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from .errors import InputError
from .limits import NUMERIC, free_bytes

SHARE = 8  # an array may take one of so many parts of the memory that may be used, for there are several at once
PART = 2**22  # bytes that are worked on at once; what is made of them on the way is some ten times that
LEAST = 2**26  # bytes of a limit: less does not hold the parts

_limit: ContextVar[int | None] = ContextVar("limit", default=None)


@runtime_checkable
class Source(Protocol):
    """A file to read bytes from, as `open`, `gzip.open` and `ZipFile.open` return it."""

    def readinto(self, buffer: Any, /) -> int | None:
        """Read into a buffer; how many bytes there were."""


@contextmanager
def memory_limit(size: int | None) -> Iterator[None]:
    """Within the block arrays may use so many bytes of memory; None: most of what is free at the moment."""
    token = _limit.set(None if size is None else max(LEAST, size))
    try:
        yield
    finally:
        _limit.reset(token)


def memory() -> int:
    """Bytes of memory that may be used: the limit, else three quarters of what is free."""
    limit = _limit.get()
    return free_bytes() * 3 // 4 if limit is None else limit


def fits(size: int) -> bool:
    """Whether an array of so many bytes lies in memory."""
    return size * SHARE <= memory()


def room(shape: Sequence[int], dtype: np.dtype | type | str, name: str, order: str = "C") -> np.ndarray:
    """An array to be filled, of zeros. name: of the file it is for, for messages.

    Raises InputError where it is too large for memory and the disk has no room for it.
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    row_major = order == "C"
    if size == 0 or fits(size):
        return np.zeros(shape, dtype, "C" if row_major else "F")
    folder = disk()
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            _reserve(file.fileno(), size)
            content = mmap.mmap(file.fileno(), size)
    except OSError as error:
        raise InputError(
            f"{name}: needs {size / 2**30:.2g} GiB at once, {memory() / 2**30:.2g} GiB of memory may be used and the "
            f"disk has no room for it ({folder}: {error.strerror or error}); allow more (--memory), name another "
            "folder (TMPDIR=...), or take fewer slices, FILE[0:10]."
        ) from error
    return np.ndarray(shape, dtype, content, order="C" if row_major else "F")


def disk() -> Path:
    """The folder for arrays on disk: TMPDIR, else /var/tmp, since /tmp may itself be memory."""
    if not os.environ.get("TMPDIR") and os.access("/var/tmp", os.W_OK | os.X_OK):
        return Path("/var/tmp")
    return Path(tempfile.gettempdir())


def _reserve(handle: int, size: int) -> None:
    """Give a file its blocks at once: writing to a mapped file on a full disk would end the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
    else:
        os.truncate(handle, size)


def parts(array: np.ndarray) -> Iterator[slice]:
    """The leading axis in parts of about PART bytes."""
    count = len(array)
    length = max(1, PART * count // max(array.nbytes, 1))
    for first in range(0, count, length):
        yield slice(first, min(first + length, count))


def copied(array: np.ndarray, dtype: np.dtype, name: str) -> np.ndarray:
    """The array in another type or byte order, row-major unless it was column-major."""
    target = room(array.shape, dtype, name, "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C")
    with np.errstate(over="ignore"):  # who needs finite numbers is told in words
        np.copyto(target, array, casting="same_kind")
    return target


def fill(array: np.ndarray, file: Source) -> int:
    """Read bytes into a new array, in the order in which it lies in memory; how many there were, at most its own."""
    flat = array.reshape(-1, order="A").view(np.uint8)
    done = 0
    while done < len(flat) and (count := file.readinto(flat[done : done + PART].data)):
        done += count
    return done


def numeric(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """The array in native byte order and at most double precision; `InputError` if it does not hold numbers."""
    if array.dtype.kind not in NUMERIC:
        raise InputError(f"{path}: {name} holds {array.dtype}, not numbers; name an array of numbers (FILE:KEY).")
    native = at_most_double(array.dtype)
    return array if array.dtype == native else copied(array, native, str(path))


def at_most_double(dtype: np.dtype) -> np.dtype:
    """The type in native byte order, double precision where it is of more."""
    largest = {"f": 8, "c": 16}.get(dtype.kind, dtype.itemsize)
    return np.dtype(f"{dtype.kind}{min(largest, dtype.itemsize)}")
