"""NumPy's .npy and .npz: no pickles, and the declared size must be the stored size before memory is taken."""

import zipfile
from collections.abc import Mapping, Sequence
from io import BufferedIOBase
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
from numpy.lib import format as npy

from .errors import InputError, reading
from .limits import NUMERIC, check_size, check_unpacked
from .room import fill, numeric, room
from .spec import choose
from .stored import Stored

MOST_MEMBERS = 100_000
Binary = IO[bytes] | BufferedIOBase  # what `open` and `ZipFile.open` return


def read_npy(path: Path) -> Stored:
    """The array of a .npy file. Raises InputError when it is truncated, padded, pickled or holds no numbers."""
    with reading(path, ".npy"), open(path, "rb") as file:
        array = _read(path, "the array", file, path.stat().st_size)
    return Stored(array, path, None, "npy")


def read_npz(path: Path, key: str | None, prefer: Sequence[str]) -> Stored:
    """One array of a .npz file. Raises InputError."""
    with reading(path, ".npz"), zipfile.ZipFile(path) as archive:
        arrays = list_npz(path, archive)
        key = choose(path, key, prefer, {n: a for n, a in arrays.items() if np.dtype(a[1]).kind in NUMERIC or n == key})
        array = load_npz(path, archive, key)
    return Stored(array, path, key, "npz", siblings=arrays)


def list_npz(path: Path, archive: zipfile.ZipFile) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and type of every member. Raises InputError when a member is no array."""
    members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
    if len(members) > MOST_MEMBERS:
        raise InputError(f"{path}: has {len(members)} members, more than {MOST_MEMBERS}; split the file.")
    names = [m.filename.removesuffix(".npy") for m in members]
    for name in names:
        if PurePosixPath(name).is_absolute() or ".." in name.split("/") or "\\" in name or ":" in name:
            raise InputError(f"{path}: has a member {name!r}, whose name leads out of the archive; it is hostile.")
    if len(set(names)) < len(names):
        twice = next(a for a, b in pairwise(sorted(names)) if a == b)
        raise InputError(f"{path}: has two members {twice!r}; save it again, each array under a name of its own.")
    arrays = {}
    for member in members:
        with archive.open(member) as file:
            shape, _, dtype, _ = _header(path, member.filename, file)
        arrays[member.filename.removesuffix(".npy")] = (shape, str(dtype))
    return arrays


def load_npz(path: Path, archive: zipfile.ZipFile, key: str) -> np.ndarray:
    """One member by name."""
    member = archive.getinfo(key + ".npy")
    if member.compress_size > archive.start_dir:
        raise InputError(f"{path}: {key} is said to take {member.compress_size} bytes, more than the file has.")
    check_unpacked(path, key, member.file_size, member.compress_size)
    with archive.open(member) as file:
        return _read(path, key, file, member.file_size)


def _header(path: Path, name: str, file: Binary) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    """Shape, whether column-major, type, and the bytes the header took."""
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):  # 3.0 exists for structured types only
        raise InputError(f"{path}: {name} has version {version} of the .npy format, 1.0 or 2.0 is needed.")
    shape, fortran, dtype = (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(file)
    return tuple(int(n) for n in shape), fortran, dtype, file.tell()


def _read(path: Path, name: str, file: Binary, size: int) -> np.ndarray:
    shape, fortran, dtype, used = _header(path, name, file)
    if dtype.hasobject:
        raise InputError(f"{path}: {name} holds pickled Python objects, which are never loaded; save it as numbers.")
    if dtype.kind not in NUMERIC:
        raise InputError(f"{path}: {name} holds {dtype}, not numbers; name an array of numbers (FILE:KEY).")
    needed = check_size(path, name, shape, dtype.itemsize)
    if used + needed != size:
        raise InputError(
            f"{path}: {name} declares shape {shape} of {dtype}, {needed} bytes, but {size - used} are stored; "
            "the file is truncated or damaged, save or copy it again."
        )
    data = room((needed,), np.uint8, str(path))
    done = fill(data, file)  # type: ignore[arg-type] # what typeshed says of ZipFile.open
    if done < needed or file.read(1):  # the last read also checks the archive's checksum
        raise InputError(f"{path}: {name} ends after {done} of {needed} bytes; the file is truncated, copy it again.")
    return numeric(path, name, np.ndarray(shape, dtype, data.data, order="F" if fortran else "C"))


def write_npy(file: IO[bytes], array: np.ndarray) -> None:
    """Write one array."""
    npy.write_array(file, array, allow_pickle=False)


def write_npz(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays, compressed. The same arrays give the same bytes: members carry no time of day."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(name + ".npy")
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            with archive.open(member, "w", force_zip64=True) as handle:
                npy.write_array(handle, np.asanyarray(array), allow_pickle=False)
