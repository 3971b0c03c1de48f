"""JPEG: segments that lie, are cut or missing."""

import io
import struct

import numpy as np
from PIL import Image

FILE = "scan.jpg"
READABLE = ("cut at 95 %",)  # libjpeg fills in what the last few bytes of a picture told, and says so


def good() -> bytes:
    stream = io.BytesIO()
    picture = np.random.default_rng(0).integers(0, 255, (40, 48), dtype=np.uint8)
    Image.fromarray(picture).save(stream, format="JPEG", quality=90)
    return stream.getvalue()


def seed(path) -> None:
    path.write_bytes(good())


def segments() -> list[tuple[int, bytes]]:
    """Marker and whole bytes of each segment; the last one holds the picture."""
    data, at, found = good(), 2, []
    while data[at + 1] != 0xDA:
        size = 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        found.append((data[at + 1], data[at : at + size]))
        at += size
    return [*found, (0xDA, data[at:])]


def rebuilt(change):
    """The case of a file of other segments."""
    return lambda path: path.write_bytes(b"\xff\xd8" + b"".join(part for _, part in change(segments())))


def without(marker: int):
    return rebuilt(lambda parts: [p for p in parts if p[0] != marker])


def frame(at: int, value: bytes):
    """The case of other bytes in the frame header: 4 is depth, 5 height, 7 width, 9 components, 11 their sampling."""

    def change(parts):
        return [(m, p[:at] + value + p[at + len(value) :] if m == 0xC0 else p) for m, p in parts]

    return rebuilt(change)


def scan(at: int, value: bytes):
    def change(parts):
        return [(m, p[:at] + value + p[at + len(value) :] if m == 0xDA else p) for m, p in parts]

    return rebuilt(change)


CASES = {
    "no frame": without(0xC0),
    "no picture": without(0xDA),
    "no quantiser": without(0xDB),
    "start alone": rebuilt(lambda parts: []),
    "header alone": rebuilt(lambda parts: parts[:1]),
    "picture of no bytes": rebuilt(lambda parts: [(m, p[:10] if m == 0xDA else p) for m, p in parts]),
    "picture cut in the middle": rebuilt(lambda parts: [(m, p[: len(p) // 2] if m == 0xDA else p) for m, p in parts]),
    "height 0": frame(5, b"\0\0"),
    "width 0": frame(7, b"\0\0"),
    "size 0": frame(5, b"\0\0\0\0"),
    "size beyond its bytes": frame(5, b"\xff\xff\xff\xff"),
    "depth 0": frame(4, b"\0"),
    "depth 12": frame(4, b"\x0c"),
    "depth 255": frame(4, b"\xff"),
    "no component": frame(9, b"\0"),
    "nine components": frame(9, b"\x09"),
    "sampling 0": frame(11, b"\0"),
    "sampling 15": frame(11, b"\xff"),
    "a quantiser that is not there": frame(12, b"\x03"),
    "lossless": frame(1, b"\xc3"),
    "differential": frame(1, b"\xc5"),
    "frame longer than the file": frame(2, b"\xff\xff"),
    "frame of no length": frame(2, b"\0\0"),
    "frame of length 1": frame(2, b"\0\x01"),
    "scan of no component": scan(4, b"\0"),
    "scan of nine components": scan(4, b"\x09"),
    "scan of another component": scan(5, b"\x07"),
    "scan by tables that are not there": scan(6, b"\x33"),
    "two frames": rebuilt(lambda parts: [q for m, p in parts for q in ([(m, p)] * (2 if m == 0xC0 else 1))]),
    "first marker lost": lambda path: path.write_bytes(b"\xff\xd8\x00\x10" + path.read_bytes()[4:]),
}  # fmt: skip


def test_it_is_refused_in_one_line(case, never_read):
    never_read(case)
