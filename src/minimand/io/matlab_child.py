"""Runs alone and takes .mat files apart, one after another. See matlab.py.

Each line on stdin is a JSON object: `source`, the file; `result`, the .npz to write; `most`, the bytes that it may
unpack to; `seconds` of the processor. Each is answered by a line on stdout: {} or {"error": "..."}. Anything else is a
crash.
Nothing of Minimand is imported: what starts here should start fast.
"""

import json
import os
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads alone would fill the address space allowed below

import numpy as np
from scipy.io import loadmat

DEEPEST = 16
MOST_AXES = 32
BLOCK = 2**20
PACKED = 15  # the format's number for a compressed variable


def restrict(most: int, seconds: float) -> None:
    """Bound memory, processor time and output, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the parent's time limit remains
        return
    pages, used = Path("/proc/self/statm"), resource.getrusage(resource.RUSAGE_SELF)
    size = int(pages.read_text().split()[0]) * resource.getpagesize() if pages.exists() else 2**30
    for what, limit in (
        (resource.RLIMIT_AS, size + 3 * most),
        (resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + seconds) + 1),
        (resource.RLIMIT_FSIZE, 2 * most),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            hard = resource.getrlimit(what)[1]
            resource.setrlimit(what, (limit if hard < 0 else min(limit, hard), hard))
        except (ValueError, OSError):  # an outer limit is tighter already
            continue


def check_variables(content: bytes, most: int) -> None:
    """Raise ValueError where a variable is not whole, has a negative size, or all unpack to more than `most` bytes.

    Source: MAT-File Format (MathWorks), chapter 1: a tag of kind and length before each variable, inside it the flags
    (16 bytes) and the sizes.
    """
    order: Any = "big" if content[126:128] == b"MI" else "little"
    at, total = 128, 0
    while at + 8 <= len(content):
        kind, size = (int.from_bytes(content[k : k + 4], order) for k in (at, at + 4))
        if at + 8 + size > len(content):
            raise ValueError(f"a variable is said to have {size} bytes, the file ends after {len(content) - at - 8}")
        body = content[at : at + 48 + MOST_AXES * 4]
        if kind == PACKED:
            unpacker = zlib.decompressobj()
            body = unpacker.decompress(content[at + 8 : at + 8 + size], 48 + MOST_AXES * 4)
            declared, found = int.from_bytes(body[4:8], order), len(body) - 8
            total += declared
            while total <= most and found < declared and unpacker.unconsumed_tail:
                found += len(unpacker.decompress(unpacker.unconsumed_tail, BLOCK))
            if total <= most and found < declared:
                raise ValueError(f"a variable is said to have {declared} bytes and unpacks to {found}")
        if total > most:
            raise ValueError(f"its variables unpack to {total} bytes, {most} at most are read from {len(content)}")
        axes = min(int.from_bytes(body[28:32], order) // 4, MOST_AXES)
        sizes = [int.from_bytes(body[32 + 4 * k : 36 + 4 * k], order, signed=True) for k in range(axes)]
        if any(n < 0 for n in sizes):
            raise ValueError(f"a variable has the impossible shape {tuple(sizes)}")
        at += 8 + size


def leaves(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, np.ndarray]]:
    """Every numeric array below `value`: variables, and fields of 1 x 1 structs as `struct/field`."""
    if hasattr(value, "tocoo"):
        value = value.toarray()
    if not isinstance(value, np.ndarray) or depth > DEEPEST:
        return
    if value.dtype.names and value.size == 1:
        for field in value.dtype.names:
            yield from leaves(f"{name}/{field}", value.flat[0][field], depth + 1)
    elif value.dtype.kind in "biufc":
        yield name, value


def parse(source: str, result: str, most: int) -> None:
    """Write every numeric array of the file `source` to `result`."""
    content = Path(source).read_bytes()
    if b"MATLAB 5.0" in content[:116]:
        check_variables(content, most)
    with open(source, "rb") as file:
        variables = loadmat(file)
    with zipfile.ZipFile(result, "w", zipfile.ZIP_STORED) as archive:
        for variable, value in variables.items():
            if variable.startswith("__"):
                continue
            for name, array in leaves(variable, value):
                with archive.open(name + ".npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)


def answer(line: str) -> dict[str, str]:
    """Do what one line asks for."""
    asked = json.loads(line)
    restrict(asked["most"], asked["seconds"])
    try:
        parse(asked["source"], asked["result"], asked["most"])
    except Exception as error:  # noqa: BLE001 - the parent tells the user
        return {"error": f"{type(error).__name__}: {error}"}
    return {}


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(line)) + "\n")
        sys.stdout.flush()
