"""Damaged and hostile files at the command line. A module here names a format: its file, `seed(path)`, which writes a
good one, and `CASES`, which spoil it; damage that meets any file is added, but for what its `READABLE` names.
"""

import base64
import gzip
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import typer
import typer.main

SEEN: set[str] = set()
BUILT = cache(typer.main.get_command)
Spoil = Callable[[Path], object]


def changed(change: Callable[[bytes], bytes]) -> Spoil:
    """The case that rewrites a file's bytes."""
    return lambda path: path.write_bytes(change(path.read_bytes()))


def noise(size: int) -> bytes:
    """The same random bytes each time."""
    return np.random.default_rng(size).bytes(size)


def archive(name: str) -> bytes:
    """A zip archive of a text."""
    import io
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr(name, "hello" * 50)
    return stream.getvalue()


def shuffled(content: bytes) -> bytes:
    blocks = [content[k : k + 16] for k in range(0, len(content), 16)]
    return b"".join(blocks[k] for k in np.random.default_rng(3).permutation(len(blocks)))


ANY: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda b: b"",
    "one byte": lambda b: b[:1],
    "magic alone": lambda b: b[:6],
    **{f"cut at {share} %": lambda b, s=share: b[: len(b) * s // 100] for share in (5, 15, 30, 50, 70, 85, 95)},
    "begins in the middle": lambda b: b[len(b) // 2 :],
    "first byte lost": lambda b: b[1:],
    "zeros": lambda b: bytes(len(b)),
    "ones": lambda b: b"\xff" * len(b),
    "noise": lambda b: noise(len(b)),
    "noise after the magic": lambda b: b[:8] + noise(max(len(b) - 8, 500)),
    "noise in front": lambda b: noise(64) + b,
    "zeros in front": lambda b: bytes(100) + b,
    "backwards": lambda b: b[::-1],
    "halves swapped": lambda b: b[len(b) // 2 :] + b[: len(b) // 2],
    "every second byte": lambda b: b[::2],
    "every byte twice": lambda b: bytes(x for byte in b for x in (byte, byte)),
    "bits turned": lambda b: bytes(x ^ 0xFF for x in b),
    "blocks shuffled": shuffled,
    "seven bits": lambda b: bytes(x & 0x7F for x in b) if max(b) > 127 else b"",
    "as UTF-8": lambda b: b.decode("latin-1").encode() if max(b) > 127 else b"\xff\xfe" + b,
    "as UTF-16": lambda b: b.decode("latin-1").encode("utf-16"),
    "base64": base64.b64encode,
    "hexadecimal": lambda b: b.hex().encode(),
    "zlib": zlib.compress,
    "gzip twice": lambda b: gzip.compress(gzip.compress(b)),
    "text": lambda b: b"hello\n" * 40,
    "web page": lambda b: b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "JSON": lambda b: b'{"error": "not found"}',
    "pickle": lambda b: b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    "script": lambda b: b"#!/bin/sh\nexit 1\n",
    "program": lambda b: b"\x7fELF\x02\x01\x01" + noise(400),
    "archive": lambda b: archive("a.txt"),
    "pointer of a file store": lambda b: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
}


def pytest_generate_tests(metafunc) -> None:
    if "case" in metafunc.fixturenames:
        found = metafunc.module
        left_out = getattr(found, "READABLE", ())
        assert set(left_out) <= set(ANY)
        cases = {f"any file: {name}": changed(change) for name, change in ANY.items() if name not in left_out}
        cases |= found.CASES
        assert len(cases) >= 40
        metafunc.parametrize("case", list(cases.values()), ids=list(cases))


@pytest.fixture(autouse=True)
def put_together_once(monkeypatch) -> None:
    """The commands are put together once, not for each of a thousand cases."""
    monkeypatch.setattr("typer.main.get_command", BUILT)


@pytest.fixture
def spoiled(request, work) -> Callable[[Spoil], Path]:
    """`spoiled(case)` is the path of a file that the case has spoiled, in a folder of its own in the current one."""

    def make(case: Spoil) -> Path:
        folder = Path("given")
        folder.mkdir()
        path = folder / request.module.FILE
        request.module.seed(path)
        if request.module.__name__ not in SEEN:  # what is not spoiled is read
            SEEN.add(request.module.__name__)
            request.getfixturevalue("done")("inspect", path)
        case(path)
        return path

    return make


@pytest.fixture
def never_read(refused, spoiled) -> Callable[[Spoil], None]:
    """`never_read(case)` holds a command to one line that names the file, exit code 2 and nothing written."""

    def hold(case: Spoil) -> None:
        path = spoiled(case)
        assert path.stem in refused("convert", path, "out.npz")

    return hold
