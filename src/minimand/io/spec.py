"""Naming an array: `FILE`, `FILE:KEY`, `FILE:KEY[0:60]`, `FILE[3]`, `FILE[10:20:2]`."""

import difflib
import glob
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import AmbiguousError, InputError

Listing = Mapping[str, tuple[tuple[int, ...], str]]  # name -> (shape, dtype) of each array in a container
Index = int | slice | None

_SUFFIX = re.compile(r"\.(npy|npz|mat|h5|hdf5|cfl|hdr|nii|nii\.gz|dcm|png|tiff?|jpe?g)$", re.IGNORECASE)


@dataclass(frozen=True)
class Spec:
    """A file, the array in it (None: whichever the file suggests) and the part of its leading axis (None: all)."""

    path: Path
    key: str | None = None
    index: Index = None


def parse_spec(text: str | Path, *, many: bool = False) -> Spec:
    """Take a spec apart. What exists as a file is a file, even with ':' or '[' in its name.

    many: the file part may also be a pattern such as `scans/*.npz` that matches something.
    Raises InputError for a malformed slice. Whether the file exists is the reader's question.
    """
    text = os.fspath(text)
    if _exists(text, many):
        return Spec(Path(text))
    base, index = text, None
    if found := re.fullmatch(r"(.+)\[([^\[\]]*)\]", text, re.DOTALL):
        base = found[1]
        if _exists(base, many):
            return Spec(Path(base), None, _index(text, found[2]))
        index = found[2]
    splits = [(base[:i], base[i + 1 :]) for i in reversed(range(1, len(base))) if base[i] == ":"]
    splits = [(file, key) for file, key in splits if key and not (len(file) == 1 and key[:1] in "\\/")]  # C:\...
    best = next((s for s in splits if _exists(s[0], many)), None)
    best = best or next((s for s in splits if _SUFFIX.search(s[0])), None)
    file, key = best or (base, None)
    return Spec(Path(file), key, None if index is None else _index(text, index))


def _exists(name: str, many: bool) -> bool:
    if os.path.exists(name):
        return True
    return many and glob.has_magic(name) and any(glob.iglob(name))


def _index(spec: str, text: str) -> int | slice:
    parts = [p.strip() for p in text.split(":")]
    if not text.strip() or len(parts) > 3 or not all(re.fullmatch(r"[+-]?\d{1,12}|", p) for p in parts):
        raise InputError(f"{spec}: [{text}] is not a slice; write [3], [0:60] or [10:20:2].")
    if len(parts) == 1:
        return int(parts[0])
    bounds = [int(p) if p else None for p in parts]
    if len(bounds) == 3 and bounds[2] == 0:
        raise InputError(f"{spec}: the step of [{text}] is 0; write a step of 1 or more.")
    return slice(*bounds)


def index_text(index: Index) -> str:
    """The index as it was typed: `[3]`, `[0:60]`, or nothing."""
    if index is None:
        return ""
    if isinstance(index, int):
        return f"[{index}]"
    ends = ["" if v is None else str(v) for v in (index.start, index.stop)]
    return f"[{ends[0]}:{ends[1]}{'' if index.step is None else f':{index.step}'}]"


def choose(path: Path, key: str | None, prefer: Sequence[str], arrays: Listing) -> str:
    """The name of the array meant: the key; else the only one, a preferred name, or the only one of two axes or more
    (an `affine` beside it tells where it lies).

    Raises InputError that lists the names with their shapes, and the nearest name for a wrong key.
    """
    if not arrays:
        raise InputError(f"{path}: holds no array of numbers; export the data as a numeric array.")
    if key is not None:
        if key in arrays:
            return key
        near = difflib.get_close_matches(key, list(arrays), n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise InputError(f"{path}: has no array {key!r}.{hint} It holds {listing(arrays)}.")
    if len(arrays) == 1:
        return next(iter(arrays))
    if named := next((name for name in prefer if name in arrays), None):
        return named
    planes = [n for n, (shape, _) in arrays.items() if len(shape) >= 2 and min(shape) > 1 and n != "affine"]
    if len(planes) == 1:
        return planes[0]
    raise AmbiguousError(f"{path}: which array is meant? Write {path}:KEY. It holds {listing(arrays)}.", tuple(arrays))


def listing(arrays: Listing, most: int = 12) -> str:
    """Names with shapes and types, for a message: `image (75, 256, 256) uint16, scale (75,) int32`."""
    texts = [f"{name} {shape} {dtype}" for name, (shape, dtype) in arrays.items()]
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
