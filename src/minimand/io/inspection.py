"""What a file holds, for `minimand inspect`: arrays, ranges, geometry, what they look like and what to do with them."""

from pathlib import Path
from typing import Any

import numpy as np

from . import images, kspace, masks
from .errors import AmbiguousError
from .read import read_array
from .spec import Spec, index_text, parse_spec
from .stored import Stored

MOST_VALUES = 2**27  # larger siblings are listed without their range
MOST_ARRAYS = 24


def describe(spec: str | Path) -> dict[str, Any]:
    """A JSON-ready description of a file or of one array in it.

    {"file", "format", "bytes", "arrays": [{"name", "shape", "dtype", ...}], "geometry", "notes", "command"}; each array
    that was looked at also has "min", "max" (magnitudes if complex), "finite", "looks_like" (image, k-space centred or
    with zero frequency at [0, 0], mask) and, for masks, "rate". "command" is what Minimand would do with it, or None.
    Raises InputError when the file cannot be read; arrays without numbers are not listed.
    """
    asked = parse_spec(spec)
    try:
        main = read_array(asked, prefer=(*kspace.NAMES, *images.NAMES, *masks.NAMES))
        usual = asked
    except AmbiguousError as error:
        usual = Spec(asked.path, error.names[0])
        main = read_array(usual)
    arrays = [_array(main)]
    if asked.key is None:
        for i, (name, (shape, dtype)) in enumerate(main.siblings.items()):
            if name == main.key:
                continue
            if i < MOST_ARRAYS and np.prod(shape, dtype=float) <= MOST_VALUES and main.format != "mat v5":
                arrays.append(_array(read_array(Spec(asked.path, name))))
            else:
                arrays.append({"name": name, "shape": list(shape), "dtype": dtype})
    return {
        "file": asked.path.name if asked.path.is_absolute() else str(asked.path),
        "format": main.format,
        "bytes": asked.path.stat().st_size,
        "arrays": arrays,
        "geometry": _geometry(main),
        "notes": list(main.notes),
        "command": _command(usual, main, arrays[0]["looks_like"]),
    }


def _array(stored: Stored) -> dict[str, Any]:
    array = stored.array
    size = np.abs(array) if array.dtype.kind == "c" else array
    finite = np.isfinite(size)
    some = size[finite]
    found: dict[str, Any] = {
        "name": stored.key,
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "min": float(some.min()) if some.size else None,
        "max": float(some.max()) if some.size else None,
        "finite": bool(finite.all()),
        "looks_like": looks_like(stored),
    }
    if found["looks_like"] == "mask":
        found["rate"] = float(array.mean())
    if stored.axes:
        found["axes"] = list(stored.axes)
    return found


def looks_like(stored: Stored) -> str:
    """`mask`, `k-space`, `k-space, zero frequency at [0, 0]`, `image` (or images) or `numbers`."""
    array = stored.array
    if array.ndim < 2 or min(array.shape[-2:], default=0) < 2 or array.size == 0 or array.shape == (4, 4):
        return "numbers"  # 4 x 4 are an affine map
    if stored.channels:
        return "image"
    if array.dtype.kind != "c":
        values = np.unique(array.reshape(-1)[:: max(1, array.size // 10**6)])
        return "mask" if len(values) <= 2 and set(values.tolist()) <= {0, 1} and array.any() else "image"
    plane = np.abs(array.reshape(-1, *array.shape[-2:])).astype(np.float64)
    plane = (np.nan_to_num(plane / (np.nanmax(plane) or 1.0), posinf=0.0) ** 2).sum(axis=0)
    if kspace.middle(plane) > kspace.DENSE:
        return "k-space"
    return "k-space, zero frequency at [0, 0]" if kspace.middle(np.fft.fftshift(plane)) > kspace.DENSE else "image"


def _geometry(stored: Stored) -> dict[str, Any] | None:
    if stored.geometry is None:
        return None
    return {
        "affine": stored.geometry.affine.tolist(),
        "spacing": list(stored.geometry.spacing),
        "units": list(stored.geometry.units),
    }


def _command(asked: Spec, main: Stored, kind: str) -> str | None:
    name = f"{asked.path}{f':{main.key}' if main.key and asked.key else ''}{index_text(asked.index)}"
    if kind.startswith("k-space"):
        return f"minimand reconstruct {name} -o OUT.npz"
    if kind == "mask":
        return f"minimand reconstruct KSPACE -o OUT.npz --mask {name}"
    return f"minimand simulate {name} -o KSPACE.npz --mask radial:0.2" if kind == "image" else None
