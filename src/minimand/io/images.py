"""Images to compare, train and simulate with: a file, a folder, a pattern; slices one by one, each with a name."""

import fnmatch
import glob
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from .dicom import SUFFIX as DICOM
from .errors import AmbiguousError, InputError
from .pictures import grey
from .read import READABLE, check_finite, read_array, suffix_of
from .spec import Spec, parse_spec
from .stored import Stored

NAMES = ("image", "images", "img", "im_ori", "reconstruction", "label", "x")


@dataclass(frozen=True)
class Images:
    """Images in their own units, one 2-D float64 or complex128 array each.

    names: such as `chest.npz:image[12]`; sources: the files; places: for each image its source and its index there;
    empty: names of the slices left out because they are zero everywhere; notes: one line each, for the user.
    """

    arrays: list[np.ndarray]
    names: list[str]
    sources: list[Stored]
    places: list[tuple[int, tuple[int, ...]]]
    empty: list[str]
    notes: list[str]

    def __len__(self) -> int:
        return len(self.arrays)

    def stack(self, results: list[np.ndarray], source: int = 0) -> np.ndarray:
        """Results of one source's images in its layout, zero where a slice was left out: ready for `write_array`."""
        chosen = [(r, place) for r, (which, place) in zip(results, self.places, strict=True) if which == source]
        if not chosen:
            raise ValueError(f"No image comes from source {source} of {len(self.sources)}.")
        stored = self.sources[source]
        lead = stored.array.shape[: -3 if stored.channels else -2]
        whole = np.zeros((*lead, *chosen[0][0].shape), np.result_type(*(r for r, _ in chosen)))
        for result, place in chosen:
            whole[place] = result
        return whole


def read_images(spec: str | Path) -> Images:
    """All images that a spec names: FILE, FILE:KEY[0:60], FILE:*_image, a folder, or files such as `scans/*.nii.gz`.

    Axes before the last two count images, (n, h, w) is n images; slices of a NIfTI volume are those along its third
    axis. Colour becomes luminance. Files of a folder come in the order of their names, but one of
    DICOM files is the volume of a series. Slices that are zero everywhere
    are left out and listed. Raises InputError when there is no image, or one is non-finite or a single line or pixel.
    """
    images = Images([], [], [], [], [], [])
    for part in _files(spec):
        stored = read_array(part, prefer=NAMES)
        _add(images, stored)
    if not images.arrays:
        raise InputError(f"{spec}: all {len(images.empty)} images are zero everywhere; choose others.")
    return images


def _files(spec: str | Path) -> list[Spec]:
    found = parse_spec(spec, many=True)
    if found.path.is_dir():
        files = sorted(p for p in found.path.iterdir() if p.is_file() and not p.name.startswith("."))
        files = [p for p in files if suffix_of(p) in READABLE and suffix_of(p) != ".hdr"]
        if files and all(suffix_of(p) == DICOM for p in files):
            return [Spec(found.path, None, found.index)]  # a series
        if not files:
            raise InputError(f"{found.path}: the folder holds no images; the formats are {' '.join(READABLE)}.")
    elif not found.path.exists() and glob.has_magic(str(found.path)):
        matches = sorted(glob.glob(str(found.path), recursive=True))
        files = [Path(p) for p in matches if Path(p).is_file()]
        files = [p for p in files if suffix_of(p) != ".hdr" or p.with_suffix(".cfl") not in files]
        if not files:
            raise InputError(f"{found.path}: no file matches this pattern.")
    else:
        files = [found.path]
    return [Spec(file, key, found.index) for file in files for key in _keys(file, found.key)]


def _keys(file: Path, key: str | None) -> list[str | None]:
    """The names in a container that a pattern such as `SC-*_image` matches, sorted; a plain key is itself."""
    if key is None or not glob.has_magic(key):
        return [key]
    try:
        names = tuple(read_array(Spec(file)).siblings)
    except AmbiguousError as error:
        names = error.names
    if chosen := sorted(fnmatch.filter(names, key)):
        return list(chosen)
    raise InputError(f"{file}: no array matches {key!r}; it holds {', '.join(names[:6])}, ...")


def _add(images: Images, stored: Stored) -> None:
    """Append the images of one array."""
    array = grey(stored.array) if stored.channels else stored.array
    if array.ndim < 2 or array.size == 0:
        raise InputError(
            f"{stored.name}: shape {array.shape} holds no image; (h, w) or (n, h, w) with n > 0 is needed."
        )
    if min(array.shape[-2:]) < 2:
        raise InputError(
            f"{stored.name}: images of {array.shape[-2]} x {array.shape[-1]} pixels; 2 x 2 or more are needed."
        )
    source = len(images.sources)
    images.sources.append(stored)
    images.notes.extend(stored.notes)
    if stored.channels:
        images.notes.append(f"{stored.name}: colour was turned into luminance")
    dtype = np.complex128 if array.dtype.kind == "c" else np.float64
    for place in product(*(range(n) for n in array.shape[:-2])):
        name = stored.name + _counted(stored, place)
        image = np.array(array[place], dtype=dtype)
        check_finite(image, name, "the image")
        if image.any():
            images.arrays.append(image)
            images.names.append(name)
            images.places.append((source, place))
        else:
            images.empty.append(name)


def _counted(stored: Stored, place: tuple[int, ...]) -> str:
    """The place as counted in the file, `[12]` or `[1, 10]`, not in the part that was read."""
    if isinstance(stored.index, int):
        place = (*stored.taken, *place)
    elif stored.taken:
        place = (stored.taken[place[0]], *place[1:])
    return f"[{', '.join(map(str, place))}]" if place else ""
