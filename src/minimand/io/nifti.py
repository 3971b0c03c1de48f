"""NIfTI-1 and NIfTI-2, .nii and .nii.gz, through nibabel; the affine is kept."""

import gzip
import io
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

import numpy as np

from .errors import InputError, heard, one_line, reading
from .limits import NUMERIC, check_size, check_unpacked
from .room import at_most_double, fill, numeric, parts, room
from .stored import Geometry, Stored, pages_first, pages_last

HEADER = 540  # bytes of the longer header, NIfTI-2's
FARTHEST = 1e7  # mm
FLAT = 1e-9  # volume of a voxel over the product of its sides, below which it is none
SLACK = 2**20  # header extensions and stray bytes read beyond what the header declares


def read_nifti(path: Path) -> Stored:
    """The volume of a NIfTI file, slices leading: file axes (x, y, z, t) come out as (t, z, x, y).

    The file's scale factors are applied; complex64 stays complex. A .gz is decompressed to its end, so that its
    checksum counts. Raises InputError.
    """
    zipped = path.name.lower().endswith(".gz")
    with reading(path, "NIfTI"), gzip.open(path, "rb") if zipped else open(path, "rb") as file:
        head = file.read(HEADER)
        kind = _class(path, head)
        header = kind.header_class.from_fileobj(io.BytesIO(head), check=False)
        dtype, shape = header.get_data_dtype(), header.get_data_shape()
        if min(shape, default=0) < 1:
            raise InputError(f"{path}: declares shape {tuple(shape)}, which holds no voxel; it is damaged.")
        if dtype.kind not in NUMERIC:
            raise InputError(
                f"{path}: holds {dtype} voxels, not numbers; colour volumes are not read, convert to grey."
            )
        start = max(int(header["vox_offset"]), 0)
        needed = start + check_size(path, "the header", shape, dtype.itemsize)
        check_unpacked(path, "the header", needed, path.stat().st_size)
        if not zipped and needed > path.stat().st_size:
            raise InputError(
                f"{path}: declares {needed} bytes but has {path.stat().st_size}; the file is truncated, copy it again."
            )
        front = head + file.read(max(start - len(head), 0))
        raw = room(shape, dtype, str(path), "F")
        early = np.frombuffer(front[start:], np.uint8)  # of tiny volumes right behind a short header
        raw.reshape(-1, order="F").view(np.uint8)[: len(early)] = early[: raw.nbytes]
        got = len(front) + fill(raw.reshape(-1, order="F").view(np.uint8)[len(early) :], file)
        if got < needed:
            raise InputError(f"{path}: declares {needed} bytes but has {got}; the file is truncated, copy it again.")
        extra = file.read(SLACK)
        if len(extra) == SLACK and file.read(1):
            raise InputError(f"{path}: goes on after its {needed} bytes of voxels; the header is damaged.")
        with heard("nibabel.global") as said, warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            image = kind.from_stream(io.BytesIO(front))
        said += [one_line(str(each.message), 200) for each in warned]
        array = _values(path, image, header, raw)
        geometry, doubts = _geometry(path, image)
        said += doubts
    notes = (f"{path}: {len(extra)} bytes after the voxels were ignored",) if extra.strip(b"\0") else ()
    notes = (*notes, *(f"{path}: {text}" for text in said[:3]))
    return Stored(pages_first(array), path, None, "NIfTI", geometry, notes=notes)


def _class(path: Path, head: bytes) -> Any:
    import nibabel

    for size, kind in ((348, nibabel.Nifti1Image), (540, nibabel.Nifti2Image)):
        if head[:4] in (size.to_bytes(4, "little"), size.to_bytes(4, "big")):
            return kind
    raise InputError(f"{path}: does not begin as a NIfTI file does (348 or 540); it is damaged or something else.")


def _values(path: Path, image: Any, header: Any, raw: np.ndarray) -> np.ndarray:
    """The voxels, slope and intercept applied as nibabel does. Raises InputError where these make infinite values of
    finite ones.
    """
    from nibabel.volumeutils import apply_read_scaling

    told = [float(header[name]) for name in ("scl_slope", "scl_inter")]
    if any(np.isinf(told)):
        raise InputError(f"{path}: has slope {told[0]:g} and intercept {told[1]:g}; finite numbers are needed.")
    slope, shift = image.dataobj.slope, image.dataobj.inter
    if (slope, shift) == (1, 0):
        return numeric(path, "the volume", raw)
    pages, factors = raw.T, (np.asanyarray(slope), np.asanyarray(shift))
    made = apply_read_scaling(raw.reshape(-1, order="F")[:1], *factors).dtype
    array = room(raw.shape, at_most_double(made), str(path), "F")
    with np.errstate(over="ignore", invalid="ignore"):
        for part in parts(pages):
            array.T[part] = apply_read_scaling(pages[part], *factors)
            if raw.dtype.kind in "biu" and not np.isfinite(array.T[part]).all():
                raise InputError(
                    f"{path}: its slope {slope:g} and intercept {shift:g} make values infinite; it is damaged."
                )
    return numeric(path, "the volume", array)


def _geometry(path: Path, image: Any) -> tuple[Geometry | None, list[str]]:
    """Where the voxels lie, as far as the header makes sense, and what does not.

    Raises InputError for an affine that is not finite or leads kilometres away.
    """
    affine = np.array(image.affine, dtype=np.float64)
    if not np.isfinite(affine).all() or np.abs(affine).max() > FARTHEST:
        reach = np.abs(affine).max()
        raise InputError(f"{path}: its affine reaches {reach:g} mm, {FARTHEST:g} at most make sense; it is damaged.")
    steps = affine[:3, :3]
    if abs(np.linalg.det(steps)) <= FLAT * np.prod(np.linalg.norm(steps, axis=0)):
        return None, ["its affine cannot be inverted, so where it lies is left out"]
    space, time = image.header.get_xyzt_units()
    spacing = tuple(float(z) for z in image.header.get_zooms())
    codes = (int(image.header["sform_code"]), int(image.header["qform_code"]))
    if not all(0 < z < FARTHEST for z in spacing[:3]):
        return None, [f"its voxel sizes {spacing[:3]} make no sense, so where it lies is left out"]
    return Geometry(affine, spacing, codes, (str(space), str(time))), []


def write_nifti(file: IO[bytes], array: np.ndarray, geometry: Geometry | None, *, zipped: bool) -> None:
    """Write (..., slices, rows, columns) as NIfTI-1, file axes (rows, columns, slices, ...); complex stays complex."""
    import nibabel

    stored: dict[str, type] = {"bool": np.uint8, "float16": np.float32}
    dtype = np.dtype(stored.get(array.dtype.name, array.dtype.type))
    volume = np.broadcast_to(np.zeros(1, dtype), pages_last(array).shape)  # what the header needs to know
    if max(volume.shape, default=0) > 32767:
        raise InputError(
            f"NIfTI-1 holds up to 32767 voxels along an axis, got shape {volume.shape}; write .npz instead."
        )
    geometry = geometry or Geometry(np.eye(4))
    image = nibabel.Nifti1Image(volume, geometry.affine, dtype=volume.dtype)
    sform, qform = geometry.codes
    image.set_sform(geometry.affine if sform or not qform else None, sform or (0 if qform else 2))
    image.set_qform(geometry.affine if qform else None, qform)
    image.header.set_xyzt_units(
        *(u if u in ("mm", "sec", "micron", "meter", "msec", "usec") else "unknown" for u in geometry.units)
    )
    zooms = list(image.header.get_zooms())
    zooms[3:] = [*geometry.spacing[3 : volume.ndim], *zooms[len(geometry.spacing) :]][: len(zooms) - 3]
    image.header.set_zooms(zooms)
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0) if zipped else nullcontext(file) as target:
        target.write(_front(image))
        pages = array.reshape(-1, *array.shape[-2:]) if array.ndim > 2 else array[None]
        for part in parts(pages):  # in the file the first axis runs fastest
            target.write(np.ascontiguousarray(pages[part].swapaxes(-2, -1), image.get_data_dtype()).tobytes())


def _front(image: Any) -> bytes:
    """What stands before the voxels."""
    header = image.header
    header.set_slope_inter(1, 0)
    start = header.single_vox_offset
    header["vox_offset"] = start
    front: bytes = header.structarr.tobytes()
    return front.ljust(start, b"\0")
