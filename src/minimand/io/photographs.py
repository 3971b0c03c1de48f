"""Photographs: JPEG, PNG and TIFF of 8 or 16 bits, written back with all that is no colour as it came.

Transparency, colour profile, EXIF data and resolution are kept. So is the orientation, as a tag: pixels are not turned,
but for those of a TIFF of 8 bits, which Pillow turns.
"""

import io
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .atomic import atomic_writer
from .errors import InputError, heard, reading
from .limits import check_size, check_unpacked
from .png import check_png
from .tiff import check_chain, check_parts

if TYPE_CHECKING:
    from PIL import Image as Pillow

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
PLAIN = {"1": "L", "L": "L", "LA": "LA", "RGB": "RGB", "RGBA": "RGBA", "PA": "RGBA"}  # how modes of 8 bits are read
ORIENTATION = 274  # a tag of TIFF and EXIF
TOLD = (270, 271, 272, 305, 306, 315, 33432, 0x8769, 0x8825)  # description, camera, author, EXIF, ...


@dataclass(frozen=True)
class Photograph:
    """What a file of `format` (JPEG, PNG, TIFF) holds.

    pixels: (height, width, channels), uint8 or uint16; one channel is grey, three are red, green, blue. alpha: opacity,
    (height, width), likewise. notes: what is not kept, in words.
    """

    path: Path
    format: str
    pixels: np.ndarray
    alpha: np.ndarray | None = None
    exif: bytes = b""
    profile: bytes = b""
    orientation: int = 1
    resolution: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()

    @property
    def white(self) -> int:
        """The value of white: 255 or 65535."""
        return int(np.iinfo(self.pixels.dtype).max)

    def unit(self) -> np.ndarray:
        """The pixels as float32 from 0 to 1."""
        return self.pixels.astype(np.float32) / np.float32(self.white)

    def painted(self, unit: np.ndarray) -> "Photograph":
        """This photograph with other pixels, numbers from 0 to 1; what lies outside is cut."""
        levels = np.clip(unit, 0, 1) * np.float32(self.white) + np.float32(0.5)
        return replace(self, pixels=levels.astype(self.pixels.dtype))


def read_photograph(path: Path) -> Photograph:
    """The photograph in a file, whatever its suffix says. Raises InputError for what is none or is damaged."""
    from PIL import Image

    if not path.is_file():
        raise InputError(f"{path}: {'is a folder or a device' if path.exists() else 'no such file'}; name a picture.")
    with reading(path, "a picture"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd tags; a picture too large is told by check_size
        if _is_tiff(path) and (deep := _deep_tiff(path)):
            return deep
        # from an open file, for Pillow maps a named TIFF into memory and then forgets to turn it
        with open(path, "rb") as file, Image.open(file, formats=["PNG", "JPEG", "TIFF"]) as picture:
            needed = check_size(path, "the picture", (picture.height, picture.width, 4), 2)
            check_unpacked(path, "the picture", needed, path.stat().st_size)
            if picture.format == "PNG" and _deep_colour(path):
                raise InputError(f"{path}: 16-bit colour PNG would lose half its bits; save it as .tif.")
            check_png(path)
            return _plain(path, picture)


def write_photograph(path: Path, photo: Photograph, *, force: bool = False) -> None:
    """Write a photograph in its format, atomically; JPEG with quality 95. Raises InputError as `atomic_writer` does."""
    content = _tiff_bytes(photo) if photo.format == "TIFF" and photo.white > 255 else _plain_bytes(photo)
    with atomic_writer(path, force) as file:
        file.write(content)


def _plain(path: Path, picture: "Pillow.Image") -> Photograph:
    """What Pillow reads without loss."""
    notes: list[str] = []
    if getattr(picture, "n_frames", 1) > 1:
        notes.append(f"{path}: {picture.n_frames - 1} further pictures were ignored")  # type: ignore[attr-defined]
    profile, mode = picture.info.get("icc_profile") or b"", picture.mode
    if mode.startswith("I"):
        pixels, alpha = np.asarray(picture).astype(np.uint16)[..., None], None
    else:
        target = "RGBA" if "transparency" in picture.info else PLAIN.get(mode, "RGB")
        if mode not in PLAIN and mode != "P":
            notes.append(f"{path}: {mode} became RGB{', without its colour profile' if profile else ''}")
            profile = b""
        array = np.asarray(picture.convert(target))
        array = array.reshape(*array.shape[:2], -1)
        pixels, alpha = (array[..., :-1], array[..., -1]) if target.endswith("A") else (array, None)
    tags, dots = picture.getexif(), picture.info.get("dpi")  # after Pillow has turned the pixels of a TIFF
    told = _told(tags) if picture.format == "TIFF" else tags
    return Photograph(
        path, str(picture.format), np.ascontiguousarray(pixels), alpha,
        exif=picture.info.get("exif") or (told.tobytes() if len(told) else b""), profile=profile,
        orientation=int(told.get(ORIENTATION, 1)),
        resolution=(float(dots[0]), float(dots[1])) if dots else None, notes=tuple(notes),
    )  # fmt: skip


def _told(tags: "Pillow.Exif") -> "Pillow.Exif":
    """The tags of a TIFF that say something about the photograph and not about the file."""
    from PIL import Image

    kept = Image.Exif()
    for tag in TOLD:
        if tag in tags:
            kept[tag] = dict(tags.get_ifd(tag)) if tag in (0x8769, 0x8825) else tags[tag]
    return kept


def _deep_tiff(path: Path) -> Photograph | None:
    """A TIFF of more than 8 bits, which Pillow would cut to 8 or not read at all; None for others."""
    import tifffile

    check_chain(path)
    with heard("tifffile"), tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        check_parts(path, page)
        needed = check_size(path, "the picture", page.shape, page.dtype.itemsize if page.dtype else 1)
        check_unpacked(path, "the picture", needed, path.stat().st_size)
        if page.bitspersample <= 8:
            return None
        array, axes = page.asarray(), page.axes
        if array.dtype != np.uint16 or axes not in ("YX", "YXS", "SYX"):
            raise InputError(f"{path}: holds {array.dtype} with axes {axes}; 8 or 16 bits, grey or colour, are needed.")
        array = np.moveaxis(array, 0, -1) if axes == "SYX" else array.reshape(*array.shape[:2], -1)
        colours = 3 if page.photometric == tifffile.PHOTOMETRIC.RGB else 1
        if array.shape[-1] not in (colours, colours + 1) or page.photometric not in (1, 2):
            raise InputError(f"{path}: is {page.photometric.name} of {array.shape[-1]} channels; save it as RGB.")
        profile, turned = page.tags.get("InterColorProfile"), page.tags.get(ORIENTATION)
        alpha = array[..., colours] if array.shape[-1] > colours else None
        return Photograph(
            path, "TIFF", np.ascontiguousarray(array[..., :colours]), alpha,
            profile=profile.value if profile else b"", orientation=int(turned.value) if turned else 1,
            notes=(f"{path}: {len(file.pages) - 1} further pictures were ignored",) if len(file.pages) > 1 else (),
        )  # fmt: skip


def _plain_bytes(photo: Photograph) -> bytes:
    from PIL import Image

    array = photo.pixels if photo.alpha is None else np.concatenate([photo.pixels, photo.alpha[..., None]], axis=2)
    stream = io.BytesIO()
    options: dict[str, Any] = {"quality": 95, "subsampling": 0} if photo.format == "JPEG" else {}
    if photo.resolution:
        options["dpi"] = photo.resolution
    Image.fromarray(array[..., 0] if array.shape[2] == 1 else array).save(
        stream, format=photo.format, exif=photo.exif, icc_profile=photo.profile or None, **options
    )
    return stream.getvalue()


def _tiff_bytes(photo: Photograph) -> bytes:
    import tifffile

    array = photo.pixels if photo.alpha is None else np.concatenate([photo.pixels, photo.alpha[..., None]], axis=2)
    colour, stream = photo.pixels.shape[2] == 3, io.BytesIO()
    tifffile.imwrite(
        stream, array if array.shape[2] > 1 else array[..., 0], photometric="rgb" if colour else "minisblack",
        extrasamples=["unassalpha"] if photo.alpha is not None else None, iccprofile=photo.profile or None,
        metadata=None, planarconfig="contig" if array.shape[2] > 1 else None,
        extratags=[(ORIENTATION, 3, 1, photo.orientation, True)],
    )  # fmt: skip
    return stream.getvalue()


def _is_tiff(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def _deep_colour(path: Path) -> bool:
    """Whether a PNG has 16 bits and more than grey."""
    with open(path, "rb") as file:
        head = file.read(26)
    return head[24] == 16 and head[25] in (2, 4, 6)
