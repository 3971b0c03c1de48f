"""`read_array`: any file this room knows, told apart by its suffix."""

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from . import ismrmrd
from .bart import read_cfl
from .dicom import SUFFIX as DICOM
from .dicom import read_dicom, read_series
from .errors import InputError
from .hdf5 import read_hdf5
from .matlab import read_mat
from .nifti import read_nifti
from .numpy_files import read_npy, read_npz
from .pictures import read_picture, read_tiff
from .spec import Spec, index_text, parse_spec
from .stored import Geometry, Stored


def _read_h5(path: Path, key: str | None, prefer: Sequence[str]) -> Stored:
    """Raw data where the file holds them, else an array."""
    if (key is None or key in ismrmrd.KEYS) and ismrmrd.is_ismrmrd(path):
        return ismrmrd.read_ismrmrd(path, key)
    return read_hdf5(path, key, prefer)


CONTAINERS = {".npz": read_npz, ".mat": read_mat, ".h5": _read_h5, ".hdf5": _read_h5}
SINGLES = {
    ".npy": read_npy,
    ".cfl": read_cfl,
    ".hdr": read_cfl,
    ".nii": read_nifti,
    ".nii.gz": read_nifti,
    ".png": read_picture,
    ".jpg": read_picture,
    ".jpeg": read_picture,
    ".tif": read_tiff,
    ".tiff": read_tiff,
    DICOM: read_dicom,
}
READABLE = (*CONTAINERS, *SINGLES)


def suffix_of(path: Path) -> str:
    """The suffix in lower case that says the format; `.nii.gz` is one."""
    name = path.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix


def read_array(spec: str | Path | Spec, *, prefer: Sequence[str] = ()) -> Stored:
    """The array that a spec names: `FILE`, `FILE:KEY`, `FILE:KEY[0:60]`, `FILE[3]`; the folder of a
    DICOM series is its volume.

    The slice counts along the leading axis of `Stored.array`: for NIfTI, MATLAB and BART files, whose readers move
    what counts images to the front, it counts images too. prefer: names to take from a container when no key is given.
    Raises InputError for whatever is wrong with the file or the spec. NaN and infinity are the caller's question.
    """
    spec = spec if isinstance(spec, Spec) else parse_spec(spec)
    path, suffix = spec.path, suffix_of(spec.path)
    if not path.exists():
        raise InputError(f"{path}: no such file.{_nearest(path)}")
    if path.is_dir() and spec.key is None and any(suffix_of(file) == DICOM for file in path.iterdir()):
        stored = read_series(path)
    elif not path.is_file():
        raise InputError(f"{path}: is a folder or a device, a file is needed.")
    elif suffix in CONTAINERS:
        stored = _with_geometry(CONTAINERS[suffix](path, spec.key, prefer))
    elif suffix in SINGLES:
        if spec.key is not None:
            raise InputError(f"{path}: holds one array without a name, so {spec.key!r} names nothing; leave it away.")
        stored = SINGLES[suffix](path)
    else:
        raise InputError(f"{path}: unknown format {suffix or 'without suffix'}; the formats are {' '.join(READABLE)}.")
    return stored if spec.index is None else _part(stored, spec.index)


def _with_geometry(stored: Stored) -> Stored:
    """The array with the geometry that a sibling `affine` (4, 4) of it tells, where there is one."""
    if stored.geometry or stored.key == "affine" or stored.siblings.get("affine", ((), ""))[0] != (4, 4):
        return stored
    affine = CONTAINERS[suffix_of(stored.path)](stored.path, "affine", ()).array
    if affine.dtype.kind not in "fiu" or not np.isfinite(affine).all():
        return stored
    return replace(stored, geometry=Geometry(affine.astype(np.float64)))


def _part(stored: Stored, index: int | slice) -> Stored:
    """The part of the leading axis, with the affine moved along where that axis counts slices."""
    size = stored.array.shape[0] if stored.array.ndim > 2 + stored.channels or stored.array.ndim == 1 else 0
    if size == 0:
        raise InputError(f"{stored.name}: has shape {stored.array.shape}, no stack to take {index_text(index)} from.")
    if isinstance(index, int) and not -size <= index < size:
        raise InputError(f"{stored.name}: {index_text(index)} is outside the {size} entries, 0 to {size - 1}.")
    part = stored.array[index]
    if part.size == 0:
        raise InputError(f"{stored.name}: {index_text(index)} takes none of its {size} entries, 0 to {size - 1}.")
    axes = stored.axes[1:] if isinstance(index, int) else stored.axes
    taken = (index % size,) if isinstance(index, int) else tuple(range(*index.indices(size)))
    geometry, raw = stored.geometry, stored.raw.part(taken) if stored.raw else None
    if geometry is not None and (stored.array.ndim == 3 or stored.raw):
        geometry = _moved(geometry, taken[0], taken[1] - taken[0] if len(taken) > 1 else 1)
    return replace(stored, array=part, axes=axes, geometry=geometry, index=index, taken=taken, raw=raw)


def _moved(geometry: Geometry, start: int, step: int) -> Geometry:
    affine = geometry.affine.copy()
    affine[:, 3] += start * affine[:, 2]
    affine[:, 2] *= step
    spacing = tuple(z * abs(step) if i == 2 else z for i, z in enumerate(geometry.spacing))
    return replace(geometry, affine=affine, spacing=spacing)


def _nearest(path: Path) -> str:
    try:
        names = [p.name for p in path.parent.iterdir()][:1000]
    except OSError:
        return f" The folder {path.parent} does not exist either." if not path.parent.exists() else ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.7)
    return f" Did you mean {path.parent / near[0]}?" if near else ""


def check_finite(array: np.ndarray, name: str, field: str) -> None:
    """Raises InputError that counts NaN and infinite values and says where the first one is."""
    bad = ~np.isfinite(array)
    if bad.any():
        first = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), bad.shape))
        raise InputError(
            f"{name}: {field} has {int(bad.sum())} NaN or infinite values of {bad.size}, the first at {first}; "
            "finite numbers are needed, export it again or set them to 0."
        )
