"""MATLAB's .mat of versions 4 to 7, parsed apart: tags that lie, and bytes that crash the parser."""

import struct
import zlib

import numpy as np
import pytest
import scipy.io

from minimand.io.matlab import PARSER

FILE = "scan.mat"
HEAD = b"MATLAB 5.0 MAT-file, made for a test".ljust(124) + b"\x00\x01IM"
FLAGS, DIMS, NAME, REAL = struct.pack("<IIII", 6, 8, 6, 0), struct.pack("<IIii", 5, 8, 2, 2), b"", b""


@pytest.fixture(scope="module", autouse=True)
def parser():
    yield
    PARSER.close()


def seed(path) -> None:
    scipy.io.savemat(path, {"image": np.arange(30.0).reshape(5, 6)})


def element(kind: int, content: bytes, size: int | None = None) -> bytes:
    return struct.pack("<II", kind, len(content) if size is None else size) + content + bytes(-len(content) % 8)


def matrix(*, flags=6, dims=(2, 2), name=b"image", kind=9, data=bytes(32), size=None, packed=False, more=b""):
    """The case of a file with one variable of these parts. flags: the class; 6 is double."""
    body = element(6, struct.pack("<II", flags, 0)) + element(5, struct.pack(f"<{len(dims)}i", *dims))
    body += element(1, name) + element(kind, data) + more
    whole = element(14, body, size)
    content = element(15, zlib.compress(whole))[: 8 + len(zlib.compress(whole))] if packed else whole
    return lambda path: path.write_bytes(HEAD + content)


def bomb(path) -> None:
    head = element(6, struct.pack("<II", 6, 0)) + element(5, struct.pack("<2i", 10000, 10000)) + element(1, b"image")
    whole = struct.pack("<II", 14, 8 * 10**8 + 56) + head + struct.pack("<II", 9, 8 * 10**8) + bytes(10**6)
    packed = zlib.compress(whole)
    path.write_bytes(HEAD + struct.pack("<II", 15, len(packed)) + packed)


def nested(depth: int) -> bytes:
    """A cell in a cell in a cell."""
    inner = b""
    for _ in range(depth):
        body = element(6, struct.pack("<II", 1, 0)) + element(5, struct.pack("<2i", 1, 1)) + element(1, b"") + inner
        inner = element(14, body)
    return inner


def flipped(at: int):
    """The case of one byte turned: these places crash scipy's parser, or did."""

    def write(path) -> None:
        scipy.io.savemat(path, {"image": np.arange(12.0).reshape(3, 4), "s": {"a": np.eye(2)}})
        data = bytearray(path.read_bytes())
        data[at] ^= 0xFF
        path.write_bytes(data)

    return write


CASES = {
    **{f"byte {at} turned": flipped(at) for at in (125, 126, 128, 132, 152, 160)},
    "negative sizes": matrix(dims=(-2, -2)),
    "one negative size": matrix(dims=(-1, 4)),
    "huge sizes": matrix(dims=(2**31 - 1, 2**31 - 1)),
    "sizes that overflow": matrix(dims=(2**30, 2**30, 16)),
    "more than stored": matrix(dims=(3, 3)),
    "forty axes": matrix(dims=(1,) * 40),
    "no size": matrix(dims=()),
    "unknown class": matrix(flags=99),
    "class 0": matrix(flags=0),
    "object": matrix(flags=3),
    "opaque object": matrix(flags=17),
    "function": matrix(flags=16),
    "complex without its imaginary part": matrix(flags=6 | 0x800),
    "unknown number type": matrix(kind=77),
    "data of type 0": matrix(kind=0),
    "data that say they are a matrix": matrix(kind=14),
    "variable longer than the file": matrix(size=2**30),
    "variable of 4 GiB": matrix(size=0xFFFFFFF8),
    "variable of no length": matrix(size=0),
    "packed variable longer than its stream": matrix(size=2**20, packed=True),
    "bomb": bomb,
    "broken stream": lambda path: path.write_bytes(HEAD + element(15, b"\x78\x9c" + bytes(200))),
    "stream that is cut": lambda path: path.write_bytes(HEAD + element(15, zlib.compress(bytes(999))[:-8])),
    "text alone": lambda path: scipy.io.savemat(path, {"note": "hello"}),
    "no variable": lambda path: path.write_bytes(HEAD),
    "cells without numbers": lambda path: scipy.io.savemat(path, {"c": np.array(["a", "b"], object)}),
    "a thousand cells deep": lambda path: path.write_bytes(HEAD + nested(1000)),
    "version 4 that lies": lambda path: path.write_bytes(struct.pack("<5i", 0, 2**30, 2**30, 0, 2) + b"a\0"),
    "version 4 of negative size": lambda path: path.write_bytes(struct.pack("<5i", 0, -2, -2, 0, 2) + b"a\0"),
    "other byte order": lambda path: path.write_bytes(HEAD[:126] + b"MI" + path.read_bytes()[128:]),
    "says 7.3 and is not": lambda path: path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(512) + bytes(100)),
}  # fmt: skip


def test_it_is_refused_in_one_line(case, never_read):
    never_read(case)
