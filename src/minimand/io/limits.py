"""How much an untrusted file may claim: sizes are checked before anything is allocated."""

import math
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from .errors import InputError

NUMERIC = "biufc"  # numpy kinds that hold numbers
CEILING = 16 * 2**30  # bytes of one array, whatever the machine
SMALL = 2**29  # bytes that any file may unpack to
RATIO = 500  # bytes that a byte of a larger one may unpack to: deflate reaches 1032 for zeros, scans some tens


@cache
def max_bytes() -> int:
    """The largest array a reader will allocate: 16 GiB, or half of the machine's memory if that is less."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not every system can say
        return CEILING
    return min(CEILING, memory // 2) if memory > 0 else CEILING


def free_bytes() -> int:
    """Memory that can be had now without swapping; what `max_bytes` says where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            return next(1024 * int(line.split()[1]) for line in file if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return max_bytes()


def check_size(path: Path, name: str, shape: Sequence[int], itemsize: int) -> int:
    """The bytes an array of this shape needs; `InputError` if the shape is impossible or beyond `max_bytes`."""
    sizes = [int(n) for n in shape]
    if any(n < 0 for n in sizes) or len(sizes) > 32:
        raise InputError(f"{path}: {name} declares the impossible shape {tuple(sizes)}; the file is damaged.")
    needed = math.prod(sizes) * int(itemsize)
    if needed > max_bytes():
        raise InputError(
            f"{path}: {name} declares shape {tuple(sizes)}, {needed / 2**30:.1f} GiB, and at most "
            f"{max_bytes() / 2**30:.1f} GiB are read here; split the file, or check that it is not damaged."
        )
    return needed


def most_unpacked(stored: int) -> int:
    """The bytes that a file of `stored` bytes may unpack to."""
    return min(max_bytes(), max(SMALL, RATIO * stored))


def check_unpacked(path: Path, name: str, needed: int, stored: int) -> None:
    """Raise InputError where so few stored bytes declare so much that the file is damaged or made to fill memory."""
    if needed > most_unpacked(stored):
        raise InputError(
            f"{path}: {name} declares {needed} bytes and stores {stored}; the file is damaged or hostile. If it is "
            "right, store it without compression."
        )
