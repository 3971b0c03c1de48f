"""Packed NIfTI: streams that are cut, changed, padded or unpack to too much, and trailers that disagree."""

import gzip
import struct
import zlib

import nibabel
import numpy as np

FILE = "scan.nii.gz"


def image(size=(3, 4, 5)) -> bytes:
    return nibabel.Nifti1Image(np.arange(np.prod(size), dtype=np.int16).reshape(size), np.eye(4)).to_bytes()


def seed(path) -> None:
    path.write_bytes(gzip.compress(image(), mtime=0))


def bytes_at(at: int, value: bytes):
    """The case of other bytes, counted from the start or the end."""

    def write(path) -> None:
        data = bytearray(path.read_bytes())
        place = at if at >= 0 else len(data) + at
        data[place : place + len(value)] = value
        path.write_bytes(data)

    return write


def inside(change):
    """The case of another volume, packed well."""
    return lambda path: path.write_bytes(gzip.compress(change(image())))


def more(content: bytes):
    """The case of something behind the stream."""
    return lambda path: path.write_bytes(path.read_bytes() + content)


def bomb(path) -> None:
    head = bytearray(image()[:352])
    struct.pack_into("<4h", head, 40, 3, 1000, 1000, 600)
    zeros = gzip.compress(bytes(10 * 2**20))
    path.write_bytes(gzip.compress(bytes(head)) + zeros * 115)


def bomb_behind(path) -> None:
    path.write_bytes(path.read_bytes() + gzip.compress(bytes(10 * 2**20)) * 100)


def extra(flag: int, content: bytes):
    """The case of a gzip header with a flag that announces more than there is."""
    return lambda path: path.write_bytes(path.read_bytes()[:3] + bytes([flag]) + path.read_bytes()[4:10] + content)


CASES = {
    "not packed": lambda path: path.write_bytes(image()),
    "checksum turned": bytes_at(-8, b"\0\0\0\0"),
    "one bit of the checksum": lambda path: bytes_at(-8, bytes([path.read_bytes()[-8] ^ 1]))(path),
    "length turned": bytes_at(-4, b"\0\0\0\0"),
    "length of one more": lambda path: bytes_at(-4, struct.pack("<I", len(image()) + 1))(path),
    "no trailer": lambda path: path.write_bytes(path.read_bytes()[:-8]),
    "half a trailer": lambda path: path.write_bytes(path.read_bytes()[:-4]),
    "a byte less": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "no magic": bytes_at(0, b"\0\0"),
    "half the magic": bytes_at(1, b"\x8c"),
    "method 0": bytes_at(2, b"\0"),
    "method 9": bytes_at(2, b"\x09"),
    "name that does not end": extra(8, b"x" * 300),
    "comment that does not end": extra(16, b"x" * 300),
    "extra field longer than the file": extra(4, b"\xff\xff"),
    "header checksum that is not there": extra(2, b"")  ,
    "stream turned": bytes_at(14, b"\xff\xff\xff\xff\xff"),
    "stream of a reserved kind": bytes_at(10, b"\x07"),
    "stream that goes back beyond its start": lambda path: path.write_bytes(
        path.read_bytes()[:10] + b"\x4b\x04\x71\x00" + bytes(8)
    ),
    "text behind": more(b"hello"),
    "half a stream behind": more(gzip.compress(b"x" * 500)[:20]),
    "stream with a wrong checksum behind": more(gzip.compress(b"x" * 500)[:-8] + bytes(8)),
    "bomb": bomb,
    "bomb behind": bomb_behind,
    "zlib in place of gzip": lambda path: path.write_bytes(zlib.compress(image())),
    "packed twice": lambda path: path.write_bytes(gzip.compress(path.read_bytes())),
    "packed text": inside(lambda b: b"hello"),
    "packed nothing": inside(lambda b: b""),
    "packed header alone": inside(lambda b: b[:352]),
    "packed voxels cut": inside(lambda b: b[:-1]),
    "packed header of 347 bytes": inside(lambda b: b"\x5b\x01" + b[2:]),
    "packed sizes beyond memory": inside(lambda b: b[:42] + b"\xff\x7f" * 3 + b[48:]),
    "packed sizes negative": inside(lambda b: b[:42] + b"\xff\xff" * 3 + b[48:]),
    "packed sizes of nothing": inside(lambda b: b[:42] + bytes(2) + b[44:]),
    "packed type unknown": inside(lambda b: b[:70] + b"\x0f\x27" + b[72:]),
    "packed noise": inside(lambda b: np.random.default_rng(0).bytes(600)),
}  # fmt: skip


def test_it_is_refused_in_one_line(case, never_read):
    never_read(case)
