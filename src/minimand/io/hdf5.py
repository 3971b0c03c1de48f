"""HDF5: fastMRI's .h5 and MATLAB's .mat v7.3. Files that point outside themselves are refused."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from .errors import InputError, reading
from .limits import NUMERIC, check_size, check_unpacked
from .room import numeric, parts, room
from .spec import choose
from .stored import Stored, pages_first

if TYPE_CHECKING:
    import h5py

SIGNATURE = b"\x89HDF\r\n\x1a\n"
DEEPEST = 32  # groups within groups
MOST_OBJECTS = 100_000
FILTERS = {1, 2, 3, 4, 5, 6, 32000}  # deflate, shuffle, fletcher32, szip, nbit, scaleoffset, lzf: those built in


def read_hdf5(path: Path, key: str | None, prefer: Sequence[str], *, matlab: bool = False) -> Stored:
    """One array of an HDF5 file; `key` is its path inside, e.g. `kspace` or `group/array`.

    Compounds of a real and an imaginary part become complex. matlab: the file is a .mat v7.3, whose arrays HDF5 holds
    with their axes reversed; they come out with pages leading (see stored.py). Raises InputError.
    """
    import h5py

    format = "mat v7.3" if matlab else "HDF5"
    with reading(path, format), h5py.File(path, "r") as file:
        found = {name: dataset for name, dataset in walk(path, file) if not matlab or _is_matlab_number(name, dataset)}
        arrays = {name: (_shape(d, matlab), str(number_type(d))) for name, d in found.items() if number_type(d)}
        if not arrays and "data" in "".join(found) and any("head" in (d.dtype.names or ()) for d in found.values()):
            raise InputError(f"{path}: is an ISMRMRD raw-data file; its arrays are called kspace and averaged.")
        key = choose(path, key.strip("/") if key else key, prefer, arrays)
        array = load(path, key, found[key])
    return Stored(pages_first(array.T) if matlab else array, path, key, format, siblings=arrays)


def walk(path: Path, file: "h5py.File") -> Iterator[tuple[str, "h5py.Dataset"]]:
    """Every dataset reached by hard links, with its path. Raises InputError on a link that leaves the file."""
    import h5py

    waiting, seen = [("", file["/"], 0)], 0
    while waiting:
        prefix, group, depth = waiting.pop()
        for name in group:
            seen += 1
            if seen > MOST_OBJECTS or depth > DEEPEST:
                raise InputError(f"{path}: has more than {MOST_OBJECTS} objects or {DEEPEST} levels; split the file.")
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise InputError(
                    f"{path}: {prefix}{name} is an external link to another file, which is never followed; "
                    "copy the array into the file."
                )
            if not isinstance(link, h5py.HardLink):
                continue  # a soft link names something that is listed anyway
            item = group[name]
            if isinstance(item, h5py.Dataset):
                yield prefix + name, item
            elif isinstance(item, h5py.Group):
                waiting.append((f"{prefix}{name}/", item, depth + 1))


def number_type(dataset: "h5py.Dataset") -> np.dtype | None:
    """The numpy type its numbers get, or None when it holds none."""
    dtype = dataset.dtype
    if dtype.kind in NUMERIC:
        return dtype
    names = tuple(n.lower() for n in dtype.names or ())
    if names in (("real", "imag"), ("r", "i")) and all(dtype[i].kind == "f" for i in range(2)):
        return np.dtype(np.complex64 if dtype[0].itemsize <= 4 else np.complex128)
    return None


def load(path: Path, name: str, dataset: "h5py.Dataset") -> np.ndarray:
    """The numbers of a dataset in HDF5's order. Raises InputError when they lie elsewhere or are impossibly many."""
    check_inside(path, name, dataset)
    if dataset.shape is None:
        raise InputError(f"{path}: {name} is empty; name an array of numbers (FILE:KEY).")
    check_size(path, name, dataset.shape, dataset.dtype.itemsize)
    if dataset.attrs.get("MATLAB_empty", 0):
        return np.zeros((0, 0))
    kind = number_type(dataset)
    if dataset.dtype.names is None or kind is None:
        array = room(dataset.shape, dataset.dtype, str(path))
        if array.size:
            dataset.read_direct(array)
        return numeric(path, name, array)
    array = room(dataset.shape, kind, str(path))
    real, imaginary = dataset.dtype.names
    for part in parts(array) if array.ndim else [()]:
        both = dataset[part]
        array.real[part], array.imag[part] = both[real], both[imaginary]
    return numeric(path, name, array)


def check_inside(path: Path, name: str, dataset: "h5py.Dataset") -> None:
    """Raise InputError where a dataset keeps numbers outside the file, declares many more than it stores, or wants code
    from outside to unpack them (HDF5 would load it from a folder of plugins).
    """
    if dataset.external or dataset.is_virtual:
        raise InputError(f"{path}: {name} keeps its numbers in another file, which is never opened; copy them in.")
    made = dataset.id.get_create_plist()
    filters = [made.get_filter(k)[0] for k in range(made.get_nfilters())]
    if foreign := [number for number in filters if number not in FILTERS]:
        raise InputError(
            f"{path}: {name} is packed by filter {foreign[0]}, which is not built in; repack it: h5repack -f GZIP=4."
        )
    stored = dataset.id.get_storage_size()
    check_unpacked(path, name, math.prod(dataset.shape or ()) * dataset.dtype.itemsize, stored)
    if dataset.chunks:  # one chunk is unpacked as a whole, however few numbers are asked for
        check_unpacked(path, f"a chunk of {name}", math.prod(dataset.chunks) * dataset.dtype.itemsize, stored)


def is_hdf5(path: Path) -> bool:
    """Whether the file starts as HDF5 does, at once or after MATLAB's 512 bytes of text."""
    with open(path, "rb") as file:
        head = file.read(512 + len(SIGNATURE))
    return SIGNATURE in (head[: len(SIGNATURE)], head[512:]) or head.startswith(b"MATLAB 7.3")


def _is_matlab_number(name: str, dataset: "h5py.Dataset") -> bool:
    kind = dataset.attrs.get("MATLAB_class", b"double")
    return not name.startswith(("#refs#/", "#subsystem#/")) and kind not in (b"char", b"cell", b"canonical empty")


def _shape(dataset: "h5py.Dataset", matlab: bool) -> tuple[int, ...]:
    shape = tuple(int(n) for n in dataset.shape or ())
    return shape[::-1] if matlab else shape


def write_hdf5(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays, axes as they are; complex numbers become (r, i) compounds, as fastMRI has them."""
    import h5py

    with h5py.File(file, "w") as target:
        for name, array in arrays.items():
            compression = "gzip" if array.ndim else None
            target.create_dataset(name, data=array, compression=compression, track_times=False)
