"""The chain of directories in a TIFF file, followed once before a library does, which a damaged one can keep for hours.

Source: TIFF 6.0 (Adobe, 1992), section 2; BigTIFF has numbers of 8 bytes in place of 4.
"""

import math
import struct
from pathlib import Path
from typing import IO, Any

from .errors import InputError

MOST_PAGES = 100_000
MOST_TAGS = 1000
ORDERS = {b"II": "<", b"MM": ">"}


def check_chain(path: Path) -> None:
    """Raise InputError where the directories of a TIFF file lead outside it, in a circle, or are beyond all bounds.

    What is no TIFF file passes: the library tells so.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(16)
        order = ORDERS.get(head[:2], "")
        if len(head) < 16 or not order:
            return
        big = struct.unpack(order + "H", head[2:4])[0] == 43
        start = struct.unpack(order + "Q", head[8:16])[0] if big else struct.unpack(order + "I", head[4:8])[0]
        seen: set[int] = set()
        while start:
            if start in seen or len(seen) >= MOST_PAGES:
                raise InputError(f"{path}: its pages lead in a circle or are over {MOST_PAGES}; it is damaged.")
            seen.add(start)
            start = _next(path, file, start, size, order, big)


def _next(path: Path, file: IO[bytes], start: int, size: int, order: str, big: bool) -> int:
    """Where the directory after the one at `start` lies; 0 at the end."""
    file.seek(start)
    counted, entry, pointer = ("Q", 20, "Q") if big else ("H", 12, "I")
    width = struct.calcsize(order + counted)
    words = file.read(width)
    count = struct.unpack(order + counted, words)[0] if len(words) == width else -1
    end = start + width + entry * count
    if not 0 < count <= MOST_TAGS or end + struct.calcsize(order + pointer) > size:
        raise InputError(f"{path}: the directory of a page at byte {start} is not there; it is cut or damaged.")
    file.seek(end)
    follows = struct.unpack(order + pointer, file.read(struct.calcsize(order + pointer)))[0]
    if follows >= size:
        raise InputError(f"{path}: its next page is said to lie at byte {follows} of {size}; it is cut or damaged.")
    return int(follows)


def check_parts(path: Path, page: Any) -> None:
    """Raise InputError where a page (of tifffile) has another number of strips or tiles than its size asks for."""
    wanted, found = math.prod(page.chunked), len(page.dataoffsets)
    if wanted != found or len(page.databytecounts) != found:
        raise InputError(
            f"{path}: a page of {page.shape} has {found} strips or tiles, {wanted} are needed; it is damaged."
        )
