"""DICOM images through pydicom: a file of one or many frames, or the folder of a series."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InputError, reading
from .limits import check_size, check_unpacked
from .stored import Geometry, Stored

SUFFIX = ".dcm"
MOST_FILES = 20_000  # of one series
DEFLATED = "1.2.840.10008.1.2.1.99"  # a file of this kind may unpack to any size
TO_RAS = np.diag([-1.0, -1.0, 1.0])  # DICOM's axes go left, posterior, superior; ours right, anterior, superior
PLACES = ("PlaneOrientationSequence", "PlanePositionSequence", "PixelMeasuresSequence")
TOLERANCE = 0.01  # of a slice distance, by which positions may differ from equal steps


def read_dicom(path: Path) -> Stored:
    """The image of a DICOM file, (rows, columns), frames leading; colour last (`channels`).

    Values are those of the modality (Hounsfield units for CT): rescale slope and intercept applied, float64 where they
    change anything. The geometry is that of the patient. Raises InputError, also for compressions that need more than
    pydicom, and for files without pixels.
    """
    dataset = _dataset(path)
    array, colour = _values(path, dataset)
    with reading(path, "DICOM"):
        geometry, notes = _geometry(_placed(dataset)), _notes(path, dataset)
    return Stored(array, path, None, "DICOM", geometry, channels=colour, notes=notes)


def read_series(folder: Path) -> Stored:
    """The volume of a folder that holds one series, slices in the order of their places in the patient.

    Raises InputError for several series, slices of several sizes or directions, and several images at one place.
    """
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() == SUFFIX and not p.name.startswith("."))
    if not 0 < len(files) <= MOST_FILES:
        raise InputError(f"{folder}: holds {len(files)} {SUFFIX} files; 1 to {MOST_FILES} of one series are needed.")
    first = _dataset(files[0])
    check_size(folder, "the series", (len(files), int(first.Rows), int(first.Columns)), 8)
    slices = [first, *(_dataset(file) for file in files[1:])]
    with reading(folder, "a DICOM series"):
        series = {str(s.get("SeriesInstanceUID", "")) for s in slices}
    if len(series) > 1:
        raise InputError(f"{folder}: holds {len(series)} series; put the files of one into a folder of its own.")
    read = [_values(file, s) for file, s in zip(files, slices, strict=True)]
    shapes = sorted({values.shape for values, _ in read})
    if len(shapes) > 1 or read[0][0].ndim != 2 + read[0][1]:
        raise InputError(f"{folder}: a series has one image of one size a file, found {shapes[0]} and {shapes[-1]}.")
    with reading(folder, "a DICOM series"):
        places = [p for s in slices for p in _placed(s)[:1]]
        order, geometry, notes = _sorted(folder, places, len(slices))
    volume = np.stack([read[k][0] for k in order])
    return Stored(volume, folder, None, "DICOM series", geometry, channels=read[0][1], notes=notes)


def _dataset(path: Path) -> Any:
    """The file taken apart, with its pixels still packed and their size known to be sane."""
    from pydicom import dcmread

    with reading(path, "DICOM"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = dcmread(path, stop_before_pixels=True)
        syntax = getattr(header.file_meta, "TransferSyntaxUID", None)
        if syntax == DEFLATED:
            raise InputError(f"{path}: is a deflated DICOM file, which is not read; unpack it with dcmconv +te.")
        if "Rows" not in header or "Columns" not in header:
            what = header.get("SOPClassUID", "")
            raise InputError(f"{path}: holds no image ({getattr(what, 'name', '') or 'of unknown kind'}).")
        if syntax is not None and syntax.is_compressed and "RLE" not in syntax.name:
            raise InputError(f"{path}: is compressed ({syntax.name}), which is not read; decompress it with dcmdjpeg.")
        sizes = (int(header.get("NumberOfFrames", 1) or 1), int(header.Rows), int(header.Columns))
        needed = check_size(path, "the header", (*sizes, int(header.get("SamplesPerPixel", 1))), 8)
        check_unpacked(path, "the header", needed // 8, path.stat().st_size)
        return dcmread(path)


def _values(path: Path, dataset: Any) -> tuple[np.ndarray, bool]:
    """Values of the modality, and whether the last axis is colour."""
    from pydicom.pixels import apply_modality_lut, pixel_array

    with reading(path, "DICOM"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = pixel_array(dataset)  # colour as red, green and blue
        if int(dataset.get("SamplesPerPixel", 1)) == 3:
            return np.ascontiguousarray(array), True
        lut = "ModalityLUTSequence" in dataset
        array = apply_modality_lut(array, dataset) if lut else _rescaled(dataset, array)
        if not np.isfinite(array).all():
            raise InputError(f"{path}: rescale slope or intercept are no numbers; the file is damaged.")
        return np.ascontiguousarray(array), False


def _rescaled(dataset: Any, array: np.ndarray) -> np.ndarray:
    """The frames with slope and intercept: of each, of all, or of the file; as they are where these change nothing."""
    frames = array if array.ndim == 3 else array[None]
    found = [_group(dataset, k, "PixelValueTransformationSequence") or dataset for k in range(len(frames))]
    slopes = np.array([float(group.get("RescaleSlope", 1)) for group in found])
    shifts = np.array([float(group.get("RescaleIntercept", 0)) for group in found])
    if (slopes == 1).all() and (shifts == 0).all():
        return array
    return (frames * slopes[:, None, None] + shifts[:, None, None]).reshape(array.shape)


def _shared(dataset: Any) -> bool:
    """Whether the file is of the enhanced kind, which tells places and values in groups a frame."""
    return "PerFrameFunctionalGroupsSequence" in dataset or "SharedFunctionalGroupsSequence" in dataset


def _group(dataset: Any, frame: int, name: str) -> Any:
    """The functional group of a frame: its own, or the one of all; None where there is none."""
    own = dataset.get("PerFrameFunctionalGroupsSequence") or []
    for groups in (own[frame : frame + 1], (dataset.get("SharedFunctionalGroupsSequence") or [])[:1]):
        if groups and name in groups[0] and groups[0][name].value:
            return groups[0][name].value[0]
    return None


def _placed(dataset: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Where the frames lie: ((3, 2) steps down a row and along a column in mm, (3,) the first pixel), in our axes;
    empty where the file does not say.
    """
    placed = []
    for frame in range(int(dataset.get("NumberOfFrames", 1) or 1) if _shared(dataset) else 1):
        if _shared(dataset):
            groups = [
                _group(dataset, frame, f"{n}Sequence") for n in ("PlaneOrientation", "PlanePosition", "PixelMeasures")
            ]
        else:
            groups = [dataset] * 3
        names = ("ImageOrientationPatient", "ImagePositionPatient", "PixelSpacing")
        found = [None if group is None else group.get(name) for group, name in zip(groups, names, strict=True)]
        if any(v is None or len(v) != n for v, n in zip(found, (6, 3, 2), strict=True)):
            return []
        orientation, position, spacing = (np.array([float(x) for x in v]) for v in found if v is not None)
        if not all(np.isfinite(v).all() for v in (orientation, position, spacing)) or (spacing <= 0).any():
            return []
        down, along = orientation[3:] * spacing[0], orientation[:3] * spacing[1]
        placed.append((TO_RAS @ np.stack([down, along], 1), TO_RAS @ position))
    return placed


def _geometry(placed: Sequence[tuple[np.ndarray, np.ndarray]]) -> Geometry | None:
    """The affine of frames in their order; of one frame, with a slice as thick as a pixel is wide."""
    if not placed:
        return None
    steps, origin = placed[0]
    normal = np.cross(steps[:, 1], steps[:, 0])
    if not normal.any():
        return None
    step = normal / np.sqrt(np.linalg.norm(normal))
    if len(placed) > 1 and (placed[-1][1] != origin).any():
        step = (placed[-1][1] - origin) / (len(placed) - 1)
    affine = np.eye(4)
    affine[:3, :2], affine[:3, 2], affine[:3, 3] = steps, step, origin
    return Geometry(affine, tuple(np.linalg.norm(affine[:3, :3], axis=0).tolist()), (1, 0))


def _sorted(folder: Path, places: list[Any], count: int) -> tuple[list[int], Geometry | None, tuple[str, ...]]:
    """The order of the slices along their normal, their geometry, and what is to be said of it."""
    if len(places) < count:
        return list(range(count)), None, (f"{folder}: not every file tells its place; slices come by their names",)
    steps = places[0][0]
    if any(np.abs(s - steps).max() > 1e-3 * np.abs(steps).max() for s, _ in places):
        raise InputError(f"{folder}: slices lie in several directions or have several pixel sizes; split the series.")
    normal = np.cross(steps[:, 1], steps[:, 0])
    normal /= max(np.linalg.norm(normal), 1e-12)
    heights = np.array([origin @ normal for _, origin in places])
    order = np.argsort(heights, kind="stable")
    gaps = np.diff(heights[order])
    if len(gaps) and gaps.min() <= TOLERANCE * max(gaps.max(), 1e-12):
        raise InputError(f"{folder}: several images lie at one place (times or echoes); put each volume into a folder.")
    uneven = len(gaps) and np.ptp(gaps) > TOLERANCE * gaps.mean()
    said = f"{folder}: slices lie {gaps.min():.3g} to {gaps.max():.3g} mm apart; some may be missing" if uneven else ""
    return order.tolist(), _geometry([places[k] for k in order]), (said,) if said else ()


def _notes(path: Path, dataset: Any) -> tuple[str, ...]:
    inverted = dataset.get("PhotometricInterpretation") == "MONOCHROME1"
    return (f"{path}: is stored for display with low values bright; values are kept",) if inverted else ()
