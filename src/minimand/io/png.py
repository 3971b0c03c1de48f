"""The chunks of a PNG file, checked before a library decodes them: it fills in what is missing, and nobody sees that.

Source: the PNG specification (third edition, W3C 2025), sections 5 (chunks), 7.2 (rows) and 8.1 (interlacing).
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .errors import InputError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by the kind of colour
PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
BLOCK = 2**20


def check_png(path: Path) -> None:
    """Raise InputError where a PNG file is cut, a checksum of what makes the picture disagrees, or rows are missing.

    What is no PNG file passes: the library tells so.
    """
    with open(path, "rb") as file:
        if file.read(8) != SIGNATURE:
            return
        unpacker, rows, palette, colour, needed = zlib.decompressobj(), 0, False, 0, -1
        for kind, content in _chunks(path, file):
            if kind == b"IHDR":
                needed, colour = _needed(path, content)
            elif kind == b"PLTE":
                palette = True
            elif kind == b"IDAT" and needed >= 0:
                while content and rows <= needed:
                    rows += len(unpacker.decompress(content, BLOCK))
                    content = unpacker.unconsumed_tail
        if rows < needed or needed < 0:
            raise InputError(f"{path}: its rows unpack to {rows} bytes, {needed} are needed; it is cut or damaged.")
        if colour == 3 and not palette:
            raise InputError(f"{path}: has colours by number and no palette to look them up; it is damaged.")


def _chunks(path: Path, file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of every chunk without which there is no picture, up to the end. Raises InputError."""
    size = path.stat().st_size
    while True:
        head = file.read(8)
        length, kind = struct.unpack(">I4s", head) if len(head) == 8 else (0, b"")
        if not kind or file.tell() + length + 4 > size:
            raise InputError(f"{path}: has no end (IEND); the file is truncated, copy it again.")
        if kind[0] & 0x20:  # may be left out
            file.seek(length + 4, 1)
            continue
        content, checksum = file.read(length), file.read(4)
        if zlib.crc32(kind + content) != int.from_bytes(checksum, "big"):
            raise InputError(f"{path}: the checksum of {kind!r} disagrees with its bytes; the file is damaged.")
        if kind == b"IEND":
            return
        yield kind, content


def _needed(path: Path, content: bytes) -> tuple[int, int]:
    """Bytes of all rows, each with its filter in front, and the kind of colour. Raises InputError."""
    if len(content) != 13:
        raise InputError(f"{path}: its header has {len(content)} bytes, 13 are needed; it is damaged.")
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", content)
    if not width or not height or colour not in SAMPLES or packing or filtering or interlace > 1:
        raise InputError(f"{path}: its header tells of no picture (size {width} x {height}, colour {colour}).")
    bits = SAMPLES[colour] * depth
    parts = [(width, height)]
    if interlace:
        parts = [(-(-(width - c) // dc), -(-(height - r) // dr)) for r, c, dr, dc in PASSES]
    return sum(h * (1 + (w * bits + 7) // 8) for w, h in parts if w > 0 and h > 0), colour
