"""NumPy's .npy: headers that lie, and what is no array of numbers."""

import struct

import numpy as np

FILE = "scan.npy"
DATA = np.arange(30.0)


def seed(path) -> None:
    np.save(path, DATA.reshape(5, 6))


def header(text: str, data: bytes = DATA.tobytes(), *, version: int = 1, length: int | None = None):
    """The case of a file with this header."""

    def write(path) -> None:
        words = text.encode("latin-1").ljust(118) + b"\n"
        size = len(words) if length is None else length
        count = struct.pack("<H" if version == 1 else "<I", size)
        path.write_bytes(b"\x93NUMPY" + bytes([version, 0]) + count + words + data)

    return write


def shape(text: str, descr: str = "<f8"):
    return header(f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {text}, }}")


CASES = {
    "version 3": header("{'descr': '<f8', 'fortran_order': False, 'shape': (5, 6), }", version=3),
    "version 9": header("{'descr': '<f8', 'fortran_order': False, 'shape': (5, 6), }", version=9),
    "header longer than the file": header("{}", length=65535),
    "header of no length": header("{}", length=0),
    "no key": header("{}"),
    "missing key": header("{'descr': '<f8', 'shape': (5, 6)}"),
    "further key": header("{'descr': '<f8', 'fortran_order': False, 'shape': (5, 6), 'more': 1}"),
    "code in the header": header("__import__('os').system('touch owned')"),
    "code in the shape": header("{'descr': '<f8', 'fortran_order': False, 'shape': (open('owned', 'w'), 6)}"),
    "arithmetic": header("{'descr': '<f8', 'fortran_order': False, 'shape': (9**9**9,)}"),
    "nested too deep": header("(" * 100 + ")" * 100),
    "unclosed": header("{'descr': '<f8', 'fortran_order': False, 'shape': (5, 6"),
    "list for shape": shape("[5, 6]"),
    "text for shape": shape("'56'"),
    "float in shape": shape("(5.0, 6)"),
    "negative": shape("(-5, -6)"),
    "one negative": shape("(-1, 30)"),
    "too large": shape("(2000000000, 6)"),
    "beyond 64 bits": shape("(4294967296, 4294967296, 4294967296)"),
    "overflow to the right size": shape(f"({2**61 + 15}, 2)", "<f4"),
    "more than stored": shape("(5, 7)"),
    "less than stored": shape("(5, 5)"),
    "nothing": shape("(0, 6)"),
    "forty axes": shape("(" + "1, " * 40 + ")"),
    "objects": shape("(5, 6)", "|O"),
    "type of text": shape("(5, 6)", "<U2"),
    "bytes": shape("(5, 6)", "|S8"),
    "records": shape("(5, 6)", "V8"),
    "dates": shape("(5, 6)", "<M8[s]"),
    "spans": shape("(5, 6)", "<m8[s]"),
    "unknown type": shape("(5, 6)", "<q9"),
    "type of no size": shape("(5, 6)", "<f0"),
    "type of a million bytes": shape("(5, 6)", "<f1000000"),
    "Fortran by a number": header("{'descr': '<f8', 'fortran_order': 7, 'shape': (5, 6)}"),
    "a byte more": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "a byte less": lambda path: path.write_bytes(path.read_bytes()[:-1]),
}  # fmt: skip


def test_it_is_refused_in_one_line(case, never_read, work):
    never_read(case)
    assert not (work / "owned").exists()
