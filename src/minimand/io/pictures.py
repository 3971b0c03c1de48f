"""PNG, JPEG and TIFF: grey or colour pictures of 8 or 16 bits, and TIFF stacks of any number type."""

import warnings
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np

from .errors import InputError, heard, reading
from .limits import check_size, check_unpacked
from .png import check_png
from .room import numeric
from .stored import Stored
from .tiff import check_chain, check_parts

LUMINANCE = np.array([0.2989, 0.5870, 0.1140])  # ITU-R BT.601, MATLAB's rgb2gray
TOP = 65535


def read_picture(path: Path) -> Stored:
    """A PNG or JPEG as (rows, columns), or (rows, columns, 3) with `channels` set; transparency is dropped.

    uint8, or uint16 for 16-bit grey. Raises InputError, also for 16-bit colour, which Pillow would cut to 8 bits.
    """
    from PIL import Image

    notes: tuple[str, ...] = ()
    with reading(path, "PNG or JPEG"), warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # check_size is the limit here
        with Image.open(path, formats=["PNG", "JPEG"]) as picture:
            needed = check_size(path, "the picture", (picture.height, picture.width, 4), 2)
            check_unpacked(path, "the picture", needed, path.stat().st_size)
            with open(path, "rb") as file:
                head = file.read(26)
            if head[12:16] == b"IHDR" and head[24] == 16 and head[25] in (2, 6):
                raise InputError(f"{path}: 16-bit colour PNG would lose half its bits; save it as .tif, or as grey.")
            check_png(path)
            if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
                notes = (f"{path}: the transparency channel was dropped",)
            grey = picture.mode in ("1", "L", "LA", "I", "I;16", "I;16B")
            if picture.mode in ("1", "LA"):
                array = np.asarray(picture.convert("L"))
            else:
                array = np.asarray(picture if grey else picture.convert("RGB"))
        if array.dtype == np.int32:  # Pillow's name for 16-bit grey in older releases
            array = array.astype(np.uint16)
    return Stored(array, path, None, "picture", channels=array.ndim == 3, notes=notes)


def read_tiff(path: Path) -> Stored:
    """The first series of a TIFF: (rows, columns), pages leading, colour last (`channels`). Raises InputError."""
    import tifffile

    with reading(path, "TIFF"):
        check_chain(path)
    with heard("tifffile") as said, reading(path, "TIFF"), tifffile.TiffFile(path) as file:
        series = file.series[0]
        check_parts(path, series.keyframe)
        needed = check_size(path, "the series", series.shape, series.dtype.itemsize)
        check_unpacked(path, "the series", needed, path.stat().st_size)
        array = numeric(path, "the picture", np.asarray(series.asarray()))
        if array.size == 0 or array.shape != series.shape:
            raise InputError(f"{path}: declares shape {series.shape} and gives {array.shape}; it is cut or damaged.")
        colour = series.axes.endswith("S") and array.shape[-1] in (3, 4)
        dropped = colour and array.shape[-1] == 4
        if colour:
            array = array[..., :3]
        more = len(file.series) - 1
    notes = (f"{path}: {more} further series were ignored",) if more else ()
    notes = (*notes, f"{path}: the fourth channel was dropped") if dropped else notes
    notes = (*notes, *(f"{path}: {text}" for text in said[:3]))
    return Stored(array, path, None, "TIFF", channels=colour, notes=notes)


def grey(array: np.ndarray) -> np.ndarray:
    """Luminance of a (..., 3) picture as float64, in its own units (BT.601 weights scaled to sum to 1)."""
    return np.asarray(array[..., :3], dtype=np.float64) @ (LUMINANCE / LUMINANCE.sum())


def write_png(file: IO[bytes], array: np.ndarray, *, channels: bool = False) -> str:
    """Write one image; says how its values were stored.

    Integers are kept as they are, in 8 bits where they fit, else 16; bool becomes 0 and 255. Floats and complex
    numbers become 16-bit magnitudes, scaled so that the largest is 65535. Raises InputError for integers outside
    0..65535 (nothing wraps around), for NaN and infinity, and for stacks.
    """
    from PIL import Image

    image = array.reshape(array.shape[1:]) if array.ndim == 3 and array.shape[0] == 1 and not channels else array
    if image.ndim != 2 + channels or 0 in image.shape:
        raise InputError(
            f"PNG holds one image, got shape {array.shape}; write .npz or .nii.gz, or pick one: FILE:KEY[0]."
        )
    pixels, note = _whole_numbers(image)
    if channels and pixels.dtype != np.uint8:
        pixels, note = np.round(pixels / 257).astype(np.uint8), note + ", cut to 8 bits for colour"
    Image.fromarray(pixels).save(file, format="PNG")
    return note


def _whole_numbers(image: np.ndarray) -> tuple[np.ndarray, str]:
    """The image as uint8 or uint16, and in words how its values map to theirs."""
    if image.dtype.kind == "b":
        return image.astype(np.uint8) * np.uint8(255), "8 bits, False 0, True 255"
    if image.dtype.kind in "iu":
        low, high = int(image.min()), int(image.max())
        if low < 0 or high > TOP:
            raise InputError(f"integers from 0 to {TOP} fit a picture, got {low} to {high}; rescale, or write .npz.")
        if high > 255 or image.dtype == np.uint16:
            return image.astype(np.uint16), "16 bits, values kept"
        return image.astype(np.uint8), "8 bits, values kept"
    magnitude = np.abs(image).astype(np.float64)
    if not np.isfinite(magnitude).all():
        raise InputError(
            f"PNG cannot hold NaN or infinity, got {int((~np.isfinite(magnitude)).sum())} of them; write .npz."
        )
    peak = float(magnitude.max())
    scaled = magnitude / peak * TOP if peak > 0 else magnitude
    return np.clip(np.round(scaled), 0, TOP).astype(np.uint16), f"16-bit magnitude, {TOP} stands for {peak:.9g}"


def write_tiff(file: IO[bytes], array: np.ndarray, *, channels: bool = False) -> str:
    """Write an image or a stack; says how its values were stored.

    uint8, uint16 and 32-bit floats are kept as they are, other integers where uint16 holds them, other floats as
    float32, complex numbers as float32 magnitudes. Raises InputError for other integers.
    """
    import tifffile

    if array.ndim < 2 or 0 in array.shape:
        raise InputError(f"TIFF holds images, got shape {array.shape}; write .npz instead.")
    note = f"{array.dtype}, values kept"
    if array.dtype.kind in "biu" and array.dtype not in (np.uint8, np.uint16):
        array, note = _whole_numbers(array)
    elif array.dtype.kind == "c":
        array, note = np.abs(array).astype(np.float32), "float32 magnitude"
    elif array.dtype.kind == "f" and array.dtype != np.float32:
        with np.errstate(over="raise"):
            try:
                array, note = array.astype(np.float32), "float32"
            except FloatingPointError:
                raise InputError(
                    "TIFF is written in float32, and some values are beyond it; write .npz instead."
                ) from None
    content = BytesIO()  # tifffile wants a name from a real file, and ours has only a number yet
    tifffile.imwrite(content, array, photometric="rgb" if channels else "minisblack", metadata=None)
    file.write(content.getbuffer())
    return note
