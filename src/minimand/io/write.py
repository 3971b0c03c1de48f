"""`write_array`: any format this room writes, told apart by the suffix, atomically, with its record beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from .atomic import atomic_writer, check_output
from .bart import write_cfl
from .dicom_write import write_dicom
from .errors import InputError
from .hdf5 import write_hdf5
from .limits import NUMERIC
from .matlab import write_mat
from .nifti import write_nifti
from .numpy_files import write_npy, write_npz
from .pictures import write_png, write_tiff
from .read import suffix_of
from .record import write_record
from .stored import Stored

CONTAINERS = (".npz", ".mat", ".h5", ".hdf5")
WRITABLE = (".npy", *CONTAINERS, ".cfl", ".hdr", ".nii", ".nii.gz", ".dcm", ".png", ".tif", ".tiff")


def write_array(
    path: str | Path,
    array: np.ndarray,
    *,
    key: str = "image",
    like: Stored | None = None,
    record: Mapping[str, Any] | None = None,
    force: bool = False,
    siblings: Mapping[str, np.ndarray] | None = None,
) -> str:
    """Write an array, (..., rows, columns); returns in words how its values were stored.

    key: its name in .npz, .mat and .h5, where `siblings` lie beside it (other formats hold one array and leave them
    out, which the returned words say). like: the scan it came from, for the affine (of a NIfTI, or beside the array in
    a container), BART's names of the axes, and colour. record: written to PATH.json after the data. Raises InputError,
    with nothing written, for an unknown suffix, a missing or unwritable folder, an existing output without `force`,
    values the format cannot hold.
    """
    path = check_writable(path, force, record=record is not None)
    if array.dtype.kind not in NUMERIC:
        raise InputError(f"{path}: an array of {array.dtype} is not numbers and cannot be written.")
    beside = dict(siblings or {})
    if like is not None and like.geometry is not None and suffix_of(path) in CONTAINERS:
        beside.setdefault("affine", like.geometry.affine)
    if key in beside:
        raise InputError(f"{path}: two arrays are called {key!r}; give one of them another name.")
    suffix = suffix_of(path)
    if suffix in (".cfl", ".hdr"):
        write_cfl(path, array, like.axes if like else (), force)
        note = "complex64"
    else:
        try:
            with atomic_writer(path, force) as file:
                note = _write(file, path, array, {key: array, **beside}, like)
        except InputError as error:  # the writers of formats do not know the name
            if str(path) in str(error):
                raise
            raise InputError(f"{path}: {error}") from error
    if beside and suffix not in CONTAINERS:
        note += f"; {', '.join(beside)} left out, {suffix} holds one array"
    if record is not None:
        stored = {"format": suffix, "shape": list(array.shape), "dtype": str(array.dtype), "values": note}
        write_record(path, {**record, "output": {"file": path.name, **stored}}, force)
    return note


def check_writable(path: str | Path, force: bool = False, *, record: bool = False) -> Path:
    """The output path, if `write_array` could write it: call this before long work. Raises InputError."""
    path = Path(path)
    if suffix_of(path) not in WRITABLE:
        found = suffix_of(path) or "no suffix"
        raise InputError(f"{path}: cannot write {found}; the formats are {' '.join(WRITABLE)}.")
    return check_output(path, force, record=record)


def _write(
    file: IO[bytes], path: Path, array: np.ndarray, arrays: Mapping[str, np.ndarray], like: Stored | None
) -> str:
    suffix, note = suffix_of(path), f"{array.dtype}"
    channels = like is not None and like.channels and array.ndim > 2 and array.shape[-1] == 3
    geometry = like.geometry if like else None
    if suffix == ".npy":
        write_npy(file, array)
    elif suffix == ".npz":
        write_npz(file, arrays)
    elif suffix == ".mat":
        write_mat(file, arrays)
    elif suffix in (".h5", ".hdf5"):
        write_hdf5(file, arrays)
    elif suffix in (".nii", ".nii.gz"):
        write_nifti(file, array, geometry, zipped=suffix == ".nii.gz")
    elif suffix == ".dcm":
        note = write_dicom(file, array, geometry, channels=channels)
    elif suffix == ".png":
        note = write_png(file, array, channels=channels)
    else:
        note = write_tiff(file, array, channels=channels)
    return note
