"""BART's pair: headers that lie, and halves of a pair."""

import numpy as np

FILE = "scan.hdr"
READABLE = (
    *(f"cut at {share} %" for share in (30, 50, 70, 85, 95)),
    "halves swapped",
    "seven bits",
    "as UTF-8",
)  # comments
DATA = (np.arange(30.0) * (1 + 1j)).astype(np.complex64)


def seed(path) -> None:
    path.write_bytes(b"# Dimensions\n5 6 1 1 1 1 1 1 1 1 1 1 1 1 1 1 \n# Command\nfft\xe9\n")
    DATA.tofile(path.with_suffix(".cfl"))


def dimensions(line: str):
    """The case of a header with this line."""
    return lambda path: path.write_text(f"# Dimensions\n{line}\n")


def stored(change):
    """The case of other data."""

    def write(path) -> None:
        data = path.with_suffix(".cfl")
        data.write_bytes(change(data.read_bytes()))

    return write


CASES = {
    "no title": lambda path: path.write_text("5 6\n"),
    "title alone": lambda path: path.write_text("# Dimensions\n"),
    "title at the end": lambda path: path.write_text("# Command\n5 6\n# Dimensions"),
    "no sizes": dimensions(""),
    "words": dimensions("five six"),
    "a negative size": dimensions("-5 -6"),
    "a size of 0": dimensions("5 0 6"),
    "a fraction": dimensions("5.0 6"),
    "an exponent": dimensions("3e1 1"),
    "hexadecimal": dimensions("0x5 6"),
    "a plus": dimensions("+5 6"),
    "other digits": dimensions("５ ６"),
    "infinite": dimensions("inf 6"),
    "commas": dimensions("5,6"),
    "seventeen sizes": dimensions("5 6 " + "1 " * 15),
    "a million sizes": dimensions("1 " * 10**6),
    "too many digits": dimensions("5" * 5000 + " 6"),
    "beyond all memory": dimensions("100000 100000 100"),
    "beyond 64 bits": dimensions("4294967296 4294967296 5"),
    "overflow to the right size": dimensions("4611686018427387904 4 30"),
    "one more row": dimensions("6 6"),
    "one row less": dimensions("4 6"),
    "a further axis": dimensions("5 6 2"),
    "sizes on two lines": dimensions("5\n6"),
    "a comment too long": lambda path: path.write_text("# " + "x" * 10**6 + "\n# Dimensions\n5 6\n"),
    "no data": lambda path: path.with_suffix(".cfl").unlink(),
    "no header": lambda path: path.unlink(),
    "empty data": stored(lambda b: b""),
    "half of the data": stored(lambda b: b[: len(b) // 2]),
    "a byte less": stored(lambda b: b[:-1]),
    "a number more": stored(lambda b: b + b[:8]),
    "double precision": stored(lambda b: np.frombuffer(b, np.complex64).astype(np.complex128).tobytes()),
    "real parts alone": stored(lambda b: np.frombuffer(b, np.complex64).real.astype(np.float32).tobytes()),
    "a folder for data": lambda path: (path.with_suffix(".cfl").unlink(), path.with_suffix(".cfl").mkdir()),
    "a folder for a header": lambda path: (path.unlink(), path.mkdir()),
}  # fmt: skip


def test_it_is_refused_in_one_line(case, never_read):
    never_read(case)
