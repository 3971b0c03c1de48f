"""ISMRMRD raw data (.h5): Cartesian k-space of several coils, assembled from its lines.

Layout: `<group>/xml`, a header, and `<group>/data`, a table of acquisitions with a head, a trajectory and samples.
Source: Inati et al. (2017), and the format's own list of flags.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .errors import InputError, reading
from .hdf5 import check_inside, walk
from .ismrmrd_header import LARGEST, Header, parse_header
from .ismrmrd_lines import Grid, Places, geometry_of, images_of, place
from .limits import check_size, max_bytes
from .spec import choose
from .stored import Raw, Stored

if TYPE_CHECKING:
    import h5py

KEYS = ("kspace", "averaged")
NEEDED = ("flags", "number_of_samples", "active_channels", "center_sample", "idx")
NOISE, CALIBRATION, BOTH, REVERSE, PHASE_CORRECTION = 19, 20, 21, 22, 24  # flag n has the value 2^(n - 1)
NO_IMAGE = (23, 24, 26, 27, 28, 29, 30, 31)  # navigators, corrections, feedback, dummies, references
MOST_LINES = 4_000_000
BLOCK = 2**26  # bytes of samples read at a time


class Kinds(NamedTuple):
    """What each acquisition is, (acquisitions,) bool each."""

    image: np.ndarray
    calibration: np.ndarray  # measured for coil maps alone
    noise: np.ndarray
    other: np.ndarray


def is_ismrmrd(path: Path) -> bool:
    """Whether an HDF5 file holds a table of acquisitions. Raises InputError for a file that cannot be read."""
    import h5py

    with reading(path, "HDF5"), h5py.File(path, "r") as file:
        return any(_is_table(dataset) for _, dataset in walk(path, file))


def read_ismrmrd(path: Path, key: str | None = None) -> Stored:
    """K-space (images, coils, y, x), zero frequency in the centre, with its mask, noise and calibration in `raw`.

    Images are slices, fastest, within contrasts, phases, sets and repetitions. key: `kspace`, or `averaged` for the
    mean over repetitions. Averages are averaged, readout oversampling is removed, reversed lines are turned, partial
    echoes put in their place. A third dimension is transformed: partitions become slices where all were measured, else
    readout positions do, images (y, z). Raises InputError for what is not one Cartesian encoding, and for damage.
    """
    with reading(path, "ISMRMRD"), _opened(path) as (table, header):
        heads = _heads(path, table)
        kinds = _kinds(path, heads, header)
        separate = place(path, heads, kinds.image, header, averaged=False)
        listing = {name: (_shape(separate, header, name, heads), "complex64") for name in KEYS}
        key = choose(path, key, KEYS[:1], listing)
        check_size(path, key, listing[key][0], 8)
        places = separate if key == "kspace" else place(path, heads, kinds.image, header, averaged=True)
        coils = int(heads["active_channels"][kinds.image][0])
        image = Grid(places.images, coils, header)
        calibration = Grid(places.slices, coils, header) if kinds.calibration.any() else None
        noise = []
        for i, samples in _samples(path, table, heads, kinds):
            if kinds.noise[i]:
                noise.append(samples)
            elif kinds.image[i]:
                image.add(places, i, samples)
            elif calibration is not None:
                calibration.add(places, i, samples, by_slice=True)
    kspace, mask, along = images_of(image, header)
    raw = Raw(
        mask=mask,
        noise=np.concatenate(noise, axis=1) if noise else None,
        calibration=images_of(calibration, header, along)[0] if calibration else None,
    )
    geometry = geometry_of(heads[kinds.image], header, along)
    axes = ("slice", "coil", "phase1", "readout")
    notes = tuple(f"{path}: {text}" for text in _notes(heads, kinds, header, places, along, key))
    return Stored(kspace, path, key, "ISMRMRD", geometry, listing, axes, notes=notes, raw=raw)


@contextmanager
def _opened(path: Path) -> Iterator[tuple["h5py.Dataset", Header]]:
    """The table of acquisitions and the header of the one raw-data group of a file."""
    import h5py

    with h5py.File(path, "r") as file:
        datasets = dict(walk(path, file))
        tables = [name for name, dataset in datasets.items() if _is_table(dataset)]
        if len(tables) != 1:
            raise InputError(f"{path}: holds {len(tables)} tables of raw data, one is read; split the file.")
        table, group = datasets[tables[0]], tables[0].rpartition("/")[0]
        xml = datasets.get(f"{group}/xml" if group else "xml")
        if xml is None or xml.size != 1 or xml.dtype.kind not in "OS":
            raise InputError(f"{path}: has no header {group}/xml beside {tables[0]}; it is no complete ISMRMRD file.")
        for name, dataset in (("the table of raw data", table), ("the XML header", xml)):
            check_inside(path, name, dataset)
        if xml.dtype.itemsize > LARGEST:
            raise InputError(f"{path}: its XML header is longer than {LARGEST} bytes; it is damaged.")
        text = np.asarray(xml[()]).reshape(-1)[0]
        yield table, parse_header(path, text if isinstance(text, bytes) else str(text).encode())


def _is_table(dataset: "h5py.Dataset") -> bool:
    return {"head", "data"} <= set(dataset.dtype.names or ()) and dataset.ndim == 1


def _heads(path: Path, table: "h5py.Dataset") -> np.ndarray:
    """The heads of all acquisitions. Raises InputError for a table that is empty, too long or of another kind."""
    kind = table.dtype["head"]
    if missing := [name for name in NEEDED if name not in (kind.names or ())]:
        raise InputError(f"{path}: the heads of its acquisitions lack {missing[0]}; it is no ISMRMRD 1.x file.")
    if not 0 < len(table) <= MOST_LINES:
        raise InputError(f"{path}: has {len(table)} acquisitions, 1 to {MOST_LINES} are read.")
    return np.asarray(table.fields("head")[:])


def _kinds(path: Path, heads: np.ndarray, header: Header) -> Kinds:
    """Which acquisition is what. Raises InputError where none belongs to the image, or they need a correction."""
    noise, calibration = _flag(heads, NOISE), _flag(heads, CALIBRATION) & ~_flag(heads, BOTH)
    other = np.logical_or.reduce([_flag(heads, n) for n in NO_IMAGE]) & ~noise
    calibration &= ~noise & ~other
    if header.calibration in ("embedded", "interleaved"):
        calibration[:] = False  # these lines are part of the image as well
    image = ~(noise | calibration | other)
    if not image.any():
        raise InputError(
            f"{path}: none of its {len(heads)} acquisitions is flagged as image ({int(noise.sum())} noise, "
            f"{int(calibration.sum())} calibration, {int(other.sum())} other); its flags are wrong or it is a pre-scan."
        )
    if _flag(heads, PHASE_CORRECTION).any() and (_flag(heads, REVERSE) & image).any():
        raise InputError(
            f"{path}: has reversed lines and lines for their phase correction (EPI), which is not done here; correct "
            "them and save the k-space as .cfl or .npz."
        )
    channels = np.unique(heads["active_channels"][~other])
    if len(channels) > 1 or channels[0] < 1:
        raise InputError(f"{path}: its acquisitions have {', '.join(map(str, channels))} coils; one number is needed.")
    return Kinds(image, calibration, noise, other)


def _samples(
    path: Path, table: "h5py.Dataset", heads: np.ndarray, kinds: Kinds
) -> Iterator[tuple[int, np.ndarray]]:  # fmt: skip
    """Number and samples (coils, samples) complex64 of every acquisition in use, in the order of time."""
    largest = 8 * int(heads["number_of_samples"].max()) * int(heads["active_channels"].max())
    most = max_bytes() // max(path.stat().st_size, 1)  # a hostile table may name the same samples again and again
    length = max(1, min(BLOCK // max(largest, 1), most))
    for first in range(0, len(heads), length):
        block = table.fields("data")[first : first + length]
        for i, values in enumerate(block, first):
            if kinds.other[i]:
                continue
            coils, count = int(heads["active_channels"][i]), int(heads["number_of_samples"][i])
            if values.dtype != np.float32 or values.size != 2 * coils * count:
                raise InputError(
                    f"{path}: acquisition {i} declares {coils} coils of {count} samples and holds {values.size // 2} "
                    "numbers; the file is damaged."
                )
            samples = values.view(np.complex64).reshape(coils, count)
            if not np.isfinite(samples).all():
                raise InputError(f"{path}: acquisition {i} has NaN or infinite samples; export the raw data again.")
            yield i, samples


def _shape(places: Places, header: Header, key: str, heads: np.ndarray) -> tuple[int, ...]:
    """Shape of the k-space under a key, three dimensions counted as partitions."""
    images = places.images // (places.repetitions if key == "averaged" else 1)
    return images * header.encoded[2], int(heads["active_channels"].max()), header.encoded[1], header.readout


def _flag(heads: np.ndarray, n: int) -> np.ndarray:
    """Whether each acquisition has flag n."""
    return (heads["flags"].astype(np.uint64) & np.uint64(1 << (n - 1))) != 0


def _notes(
    heads: np.ndarray, kinds: Kinds, header: Header, places: Places, along: str, key: str
) -> list[str]:  # fmt: skip
    """What was found and done, one line each."""
    y, z = header.acceleration
    parts = [f"ISMRMRD, {int(kinds.image.sum())} lines of {int(heads['active_channels'].max())} coils"]
    if y * z > 1:
        parts.append(f"acceleration {y}" + (f" x {z}" if z > 1 else ""))
    calibration = _flag(heads, CALIBRATION) | _flag(heads, BOTH)
    if calibration.any():
        how = "apart" if kinds.calibration.any() else "within the image"
        parts.append(f"{int(calibration.sum())} calibration lines {how}")
    if kinds.noise.any():
        parts.append("a noise scan")
    notes = [", ".join(parts)]
    if header.readout < header.encoded[0]:
        notes.append(f"readout oversampling removed, {header.encoded[0]} to {header.readout} points")
    if kinds.other.any():
        notes.append(f"{int(kinds.other.sum())} navigator, correction or dummy lines left out")
    if places.repetitions > 1 and key == "kspace":
        notes.append(f"{places.repetitions} repetitions are separate images; FILE:averaged averages them")
    if places.partial:
        notes.append("partial echoes: the missing part of the readout counts as not sampled")
    if along == "x":
        notes.append("three-dimensional, undersampled in both directions: slices are readout positions, images (y, z)")
    return notes
