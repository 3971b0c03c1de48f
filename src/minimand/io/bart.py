"""BART's .cfl/.hdr: complex64, column-major, up to 16 named dimensions."""

import os
from contextlib import suppress
from pathlib import Path

import numpy as np

from .atomic import atomic_writer
from .errors import InputError, reading
from .limits import check_size
from .room import copied, fill, room
from .stored import Stored

DIMENSIONS = (
    "readout", "phase1", "phase2", "coil", "maps", "te", "coeff", "coeff2",
    "iteration", "cshift", "time", "time2", "level", "slice", "average", "batch",
)  # fmt: skip
COIL, SLICE = 3, 13


def read_cfl(path: Path) -> Stored:
    """The array of a .cfl/.hdr pair; either name will do.

    Rows and columns are the two image dimensions longer than 1 among (readout, phase1, phase2), in that order; the
    other dimensions longer than 1 lead, the last of them first: `1 230 180 8` gives (8, 230, 180). Where all three
    image dimensions are longer than 1, phase2 counts slices. Raises InputError.
    """
    data, header = path.with_suffix(".cfl"), path.with_suffix(".hdr")
    for file in (header, data):
        if not file.is_file():
            raise InputError(f"{file}: no such file; a BART array is the pair {header.name} and {data.name}.")
    with reading(path, "BART .cfl"):
        sizes = _sizes(header)
        needed = check_size(path, "the header", sizes, 8)
        if needed != data.stat().st_size:
            raise InputError(
                f"{data}: has {data.stat().st_size} bytes, but {header.name} declares {_text(sizes)} complex64, "
                f"{needed} bytes; the file is truncated or belongs to another header."
            )
        flat = room((needed // 8,), "<c8", str(data))
        with open(data, "rb") as content:
            fill(flat, content)
    image = [i for i in range(3) if sizes[i] > 1]
    for i in (1, 2, 0):  # a line or a point still has rows and columns
        if len(image) < 2 and i not in image:
            image.append(i)
    rows, columns = sorted(image)[:2]
    others = [i for i in range(len(sizes)) if sizes[i] > 1 and i not in (rows, columns)]
    order = [*reversed(others), rows, columns]
    array = flat.reshape(sizes, order="F").transpose(*order, *(i for i in range(len(sizes)) if i not in order))
    array = copied(array.reshape([sizes[i] for i in order]), np.dtype(np.complex64), str(path))
    return Stored(array, path, None, "BART", axes=tuple(DIMENSIONS[i] for i in order))


def _sizes(header: Path) -> list[int]:
    """The 16 dimensions that the header declares, ones where it is silent."""
    with open(header, encoding="ascii", errors="replace") as file:
        lines = file.read(65536).splitlines()
    title = next((i for i, line in enumerate(lines) if line.strip() == "# Dimensions"), None)
    words = lines[title + 1].split() if title is not None and title + 1 < len(lines) else []
    if not 1 <= len(words) <= len(DIMENSIONS) or not all(w.isdecimal() and len(w) < 12 and int(w) > 0 for w in words):
        raise InputError(
            f"{header}: has no line of 1 to 16 sizes below '# Dimensions', found {' '.join(words)!r}; "
            "a BART header is needed."
        )
    return [int(w) for w in words] + [1] * (len(DIMENSIONS) - len(words))


def _text(sizes: list[int]) -> str:
    last = max((i for i, n in enumerate(sizes) if n > 1), default=0)
    return " x ".join(str(n) for n in sizes[: last + 1])


def write_cfl(path: Path, array: np.ndarray, axes: tuple[str, ...], force: bool) -> None:
    """Write the pair. axes: BART's names of the array's axes, last two rows and columns; without them the leading
    axes are (slice, coil) for four axes and (slice,) for three.

    The .cfl appears first, so that a pair broken by a power cut lacks its header or disagrees with it.
    """
    if array.ndim < 2 or (array.ndim > 4 and len(axes) != array.ndim):
        raise InputError(
            f"{path}: an array of shape {array.shape} has no place in BART's dimensions; write .npz instead."
        )
    if len(axes) != array.ndim:
        axes = ("slice", "coil")[: array.ndim - 2] + ("phase1", "phase2")
    places = [DIMENSIONS.index(name) for name in axes]
    sizes = [1] * len(DIMENSIONS)
    for place, size in zip(places, array.shape, strict=True):
        sizes[place] = size
    column_major = array.astype("<c8").transpose(np.argsort(places)).ravel(order="F")
    data, header = path.with_suffix(".cfl"), path.with_suffix(".hdr")
    fresh = not data.exists()
    with atomic_writer(data, force) as file:
        file.write(column_major.tobytes())
    try:
        with atomic_writer(header, force or fresh) as file:
            file.write(_header_text(sizes))
    except BaseException:
        if fresh:
            with suppress(OSError):
                os.unlink(data)
        raise


def _header_text(sizes: list[int]) -> bytes:
    return f"# Dimensions\n{' '.join(map(str, sizes))} \n# Creator\nMinimand\n".encode()
