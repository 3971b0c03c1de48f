"""PNG: chunks that lie, are cut, are missing or unpack to too much."""

import struct
import zlib

import numpy as np
from PIL import Image

FILE = "scan.png"
GREY = (np.arange(30).reshape(5, 6) * 8).astype(np.uint8)
ROWS = b"".join(b"\0" + row.tobytes() for row in GREY)


def seed(path) -> None:
    Image.fromarray(GREY).save(path)


def chunk(kind: bytes, content: bytes, *, checksum: int | None = None, length: int | None = None) -> bytes:
    found = zlib.crc32(kind + content) if checksum is None else checksum
    return struct.pack(">I", len(content) if length is None else length) + kind + content + struct.pack(">I", found)


def head(width=6, height=5, depth=8, colour=0, packing=0, filtering=0, interlace=0, **options) -> bytes:
    return chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, packing, filtering, interlace), **options
    )


def png(*chunks: bytes):
    """The case of a file of these chunks."""
    return lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


DATA, END = chunk(b"IDAT", zlib.compress(ROWS)), chunk(b"IEND", b"")
CASES = {
    "width 0": png(head(width=0), DATA, END),
    "height 0": png(head(height=0), DATA, END),
    "size 0": png(head(0, 0), DATA, END),
    "width beyond memory": png(head(width=2**31 - 1), DATA, END),
    "size beyond memory": png(head(2**31 - 1, 2**31 - 1), DATA, END),
    "width of 32 bits": png(head(width=2**32 - 1), DATA, END),
    "large for its bytes": png(head(16000, 16000), DATA, END),
    "colour and large for its bytes": png(head(12000, 12000, colour=2), DATA, END),
    "depth 0": png(head(depth=0), DATA, END),
    "depth 3": png(head(depth=3), DATA, END),
    "depth 32": png(head(depth=32), DATA, END),
    "colour 1": png(head(colour=1), DATA, END),
    "colour 5": png(head(colour=5), DATA, END),
    "packing 1": png(head(packing=1), DATA, END),
    "filters of kind 1": png(head(filtering=1), DATA, END),
    "interlaced, and the rows are not": png(head(interlace=1), DATA, END),
    "colours of 16 bits": png(head(depth=16, colour=2), DATA, END),
    "colours and opacity of 16 bits": png(head(depth=16, colour=6), DATA, END),
    "checksum of the header": png(head(checksum=1), DATA, END),
    "header too short": png(chunk(b"IHDR", b"\0" * 5), DATA, END),
    "header that is not the first": png(DATA, head(), END),
    "no header": png(DATA, END),
    "no pixels": png(head(), END),
    "pixels of no bytes": png(head(), chunk(b"IDAT", b""), END),
    "checksum of the pixels": png(head(), chunk(b"IDAT", zlib.compress(ROWS), checksum=1), END),
    "pixels longer than the file": png(head(), chunk(b"IDAT", zlib.compress(ROWS), length=2**30), END),
    "pixels of negative length": png(head(), chunk(b"IDAT", zlib.compress(ROWS), length=2**32 - 8), END),
    "too few rows": png(head(), chunk(b"IDAT", zlib.compress(ROWS[:14])), END),
    "no row": png(head(), chunk(b"IDAT", zlib.compress(b"")), END),
    "pixels not packed": png(head(), chunk(b"IDAT", ROWS), END),
    "packed pixels turned": png(head(), chunk(b"IDAT", b"\x78\x9c" + bytes(30)), END),
    "an unknown filter": png(head(), chunk(b"IDAT", zlib.compress(b"\x09" + ROWS[1:])), END),
    "no end": png(head(), DATA),
    "half an end": png(head(), DATA, END[:6]),
    "colours without a palette": png(head(colour=3), DATA, END),
    "text that unpacks to too much": png(
        head(), chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**27), 1)), DATA, END
    ),
    "profile that unpacks to too much": png(
        head(), chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(2**27), 1)), DATA, END
    ),
    "JPEG behind the signature": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xd8\xff\xe0" + bytes(500)),
}  # fmt: skip


def test_it_is_refused_in_one_line(case, never_read):
    never_read(case)
