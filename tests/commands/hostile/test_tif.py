"""TIFF: directories that lie, lead nowhere or in a circle, and strips that are not there."""

import struct

import numpy as np
import tifffile

FILE = "scan.tif"
READABLE = ("seven bits",)  # of the pixels, which have no checksum
IMAGE = np.arange(60, dtype=np.uint16).reshape(6, 10)
PIXELS = IMAGE.tobytes()


def seed(path) -> None:
    write()(path)


def entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", tag, kind, count, value)


def write(change=None, *, following=0, count=None, start=8, pixels=PIXELS, magic=b"II*\0"):
    """The case of a file of one page. change: tag to (kind, count, value), or to None to take it away."""
    tags = {
        256: (3, 1, 10), 257: (3, 1, 6), 258: (3, 1, 16), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, 1, 134),
        277: (3, 1, 1), 278: (3, 1, 6), 279: (4, 1, 120), 339: (3, 1, 1),
    }  # fmt: skip
    tags = {tag: told for tag, told in {**tags, **(change or {})}.items() if told is not None}
    directory = b"".join(entry(tag, *told) for tag, told in sorted(tags.items()))
    number = len(tags) if count is None else count
    whole = magic + struct.pack("<I", start) + struct.pack("<H", number) + directory + struct.pack("<I", following)
    return lambda path: path.write_bytes(whole.ljust(134, b"\0") + pixels)


def libraries(path) -> None:
    """A page whose packed strip is damaged."""
    tifffile.imwrite(path, IMAGE, compression="zlib")
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].dataoffsets[0]
    data = bytearray(path.read_bytes())
    data[at + 4 : at + 20] = b"\xff" * 16
    path.write_bytes(data)


CASES = {
    "page far away": write(start=2**31),
    "page in the header": write(start=2),
    "no page": write(start=0),
    "pages in a circle": write(following=8),
    "next page far away": write(following=2**32 - 2),
    "next page in the pixels": write(following=140),
    "no tag": write(count=0),
    "65535 tags": write(count=65535),
    "BigTIFF in name": write(magic=b"II+\0"),
    "other byte order": write(magic=b"MM\0*"),
    "version 41": write(magic=b"II)\0"),
    "no width": write({256: None}),
    "no height": write({257: None}),
    "width 0": write({256: (3, 1, 0)}),
    "height 0": write({257: (3, 1, 0)}),
    "width beyond memory": write({256: (4, 1, 2**31)}),
    "size beyond memory": write({256: (4, 1, 2**31), 257: (4, 1, 2**31)}),
    "size beyond its bytes": write({256: (4, 1, 30000), 257: (4, 1, 30000), 278: (4, 1, 30000)}),
    "twice the height": write({257: (3, 1, 12)}),
    "twice the height in one strip": write({257: (3, 1, 12), 278: (3, 1, 12)}),
    "depth 0": write({258: (3, 1, 0)}),
    "depth 7": write({258: (3, 1, 7)}),
    "depth 65535": write({258: (3, 1, 65535)}),
    "packing 7, a JPEG": write({259: (3, 1, 7)}),
    "packing 5, LZW": write({259: (3, 1, 5)}),
    "an unknown packing": write({259: (3, 1, 999)}),
    "packed in name": write({259: (3, 1, 8)}),
    "no strip": write({273: None}),
    "strip far away": write({273: (4, 1, 2**31)}),
    "strip beyond the end": write({273: (4, 1, 240)}),
    "a thousand strips": write({273: (4, 1000, 134), 279: (4, 1000, 134)}),
    "a strip of one row for six": write({278: (3, 1, 1)}),
    "samples that are text": write({339: (3, 1, 99)}),
    "tiles of no size": write({322: (3, 1, 0), 323: (3, 1, 0)}),
    "pixels cut": write(pixels=IMAGE.tobytes()[:50]),
    "no pixels": write(pixels=b""),
    "damaged strip": libraries,
}  # fmt: skip


def test_it_is_refused_in_one_line(case, never_read):
    never_read(case)
