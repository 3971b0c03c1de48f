"""NumPy's .npz: archives that lie, lead elsewhere or unpack to too much."""

import io
import struct
import zipfile

import numpy as np

FILE = "scan.npz"
IMAGE = np.arange(30.0).reshape(5, 6)
READABLE = ("zeros in front", "noise in front")  # self-extracting archives have something in front


def seed(path) -> None:
    np.savez_compressed(path, image=IMAGE, mask=IMAGE > 3)


def member(array=IMAGE, **options) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asanyarray(array), **options)
    return stream.getvalue()


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED):
    """The case of an archive of these members."""

    def write(path) -> None:
        with zipfile.ZipFile(path, "w", method) as file:
            for name, content in members:
                file.writestr(name, content)

    return write


def patched(signature: bytes, at: int, value: bytes, occurrence: int = 0):
    """The case of other bytes `at` bytes after a zip signature."""

    def write(path) -> None:
        data = bytearray(path.read_bytes())
        place = -1
        for _ in range(occurrence + 1):
            place = data.index(signature, place + 1)
        data[place + at : place + at + len(value)] = value
        path.write_bytes(data)

    return write


def bomb(path) -> None:
    """An array of 700 MiB of zeros, packed into few bytes."""
    packed(("image.npy", member()))(path)
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (700 * 2**17,)})
    packed(("image.npy", head.getvalue() + bytes(2**20)))(path)
    patched(CENTRAL, 24, struct.pack("<I", len(head.getvalue()) + 700 * 2**20))(path)


LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
HUGE = struct.pack("<I", 0xFFFFFFF0)
CASES = {
    "objects": packed(("image.npy", member(np.array([{}, 1], object), allow_pickle=True))),
    "no array": packed(("readme.txt", b"hello")),
    "no member": packed(),
    "text called an array": packed(("image.npy", b"hello")),
    "empty array file": packed(("image.npy", b"")),
    "array of text": packed(("image.npy", member(np.array(["a", "b"])))),
    "climbing out": packed(("../../evil.npy", member())),
    "absolute": packed(("/etc/evil.npy", member())),
    "drive": packed(("C:\\evil.npy", member())),
    "backslashes": packed(("..\\evil.npy", member())),
    "climbing in the middle": packed(("a/../../evil.npy", member())),
    "member that climbs beside a good one": packed(("image.npy", member()), ("../evil.npy", member())),
    "cut member": packed(("image.npy", member()[:-9])),
    "padded member": packed(("image.npy", member() + b"x")),
    "archive in an archive": packed(("image.npy", b"PK\x03\x04")),
    "bomb": bomb,
    "checksum": patched(CENTRAL, 16, b"\0\0\0\0"),
    "encrypted": patched(CENTRAL, 8, b"\x01\0"),
    "unknown method": patched(CENTRAL, 10, b"\x63\0"),
    "size too small": patched(CENTRAL, 24, b"\x10\0\0\0"),
    "size too large": patched(CENTRAL, 24, HUGE),
    "packed size too large": patched(CENTRAL, 20, HUGE),
    "packed size of nothing": patched(CENTRAL, 20, b"\0\0\0\0"),
    "member beyond the end": patched(CENTRAL, 42, HUGE),
    "member in the directory": patched(CENTRAL, 42, b"\x60\0\0\0"),
    "name too long": patched(CENTRAL, 28, b"\xff\xff"),
    "other name in front": patched(LOCAL, 30, b"immge"),
    "member without its signature": patched(LOCAL, 0, b"PKxx"),
    "directory beyond the end": patched(END, 16, HUGE),
    "directory too large": patched(END, 12, HUGE),
    "directory without its signature": patched(CENTRAL, 0, b"XX"),
    "no end": patched(END, 0, b"XX"),
    "needs version 99": patched(CENTRAL, 6, b"\x63\0"),
}  # fmt: skip


def test_it_is_refused_in_one_line(case, never_read):
    never_read(case)


def test_two_arrays_of_one_name(never_read, recwarn):
    never_read(packed(("image.npy", member()), ("image.npy", member(IMAGE + 1))))
