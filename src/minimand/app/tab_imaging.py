"""The tab for compressive imaging: a picture from a few numbers measured of it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from minimand.app.cases import Case, reconstruct_cases
from minimand.app.downloads import download
from minimand.app.out import Out, Source
from minimand.app.sample import NAME, sample_picture
from minimand.io import InputError, read_images
from minimand.io.pictures import grey
from minimand.reconstruction.acquisition import fixed
from minimand.reconstruction.compare import at_peak_one
from minimand.reconstruction.methods import Method, get_method
from minimand.reconstruction.white import white_levels
from minimand.systems.imaging.acquisition import frequencies_picture, read_operator, sensed_by
from minimand.terms import LeastSquares

SIDE = 256  # of the part that is measured: its middle


def run(options: Mapping[str, Any], source: Source | None, out: Out) -> None:
    """Do what the form says. Raises InputError for a file without a real image."""
    image, white, path = _image(source, out)
    spec = f"{options['operator']}:{options['rate'] / 100:g}"
    measure = sensed_by(read_operator(spec), options["seed"], options["noise"])
    (truth,) = at_peak_one([image], [white])
    case = Case("picture", fixed(measure, truth[None], options["seed"]), truth[None], white, 0)
    found = reconstruct_cases([case], 1, options["methods"], _method, frequencies_picture, out)
    size = f"{image.shape[0]} x {image.shape[1]} pixels"
    downloads = [
        download(
            out, name, ".npz", made[0], options={**options, "method": name}, source=source, example=NAME, files=[path],
            weights=_loaded(name).card.get("name"),
        )
        for name, made in found.items()
    ]  # fmt: skip
    measured = f"{spec}, {case.data.y.shape[1:].numel()} numbers of {size}"
    out.done([("measured", measured), ("seed", str(options["seed"]))], downloads)


def _method(name: str, data: LeastSquares) -> Method:
    return _loaded(name)


@lru_cache(maxsize=8)
def _loaded(name: str) -> Method:
    return get_method(name)


def _image(source: Source | None, out: Out) -> tuple[np.ndarray, float, Any]:
    """The middle of the picture, what is white in it, and its file."""
    if source is None:
        stored = sample_picture()
        return _middle(NAME, grey(stored.array).astype(np.float64)), 255.0, stored.path
    images = read_images(source.path)
    if len(images) > 1:
        out.note(f"the file holds {len(images)} images: the first one is taken")
    for text in images.notes:
        out.note(text)
    image = _middle(source.path, images.arrays[0])
    if not image.any():
        raise InputError(f"{source.path}: the middle of the picture is black.")
    return image, white_levels(images)[0], source.path


def _middle(name: Any, image: np.ndarray) -> np.ndarray:
    """The middle 256 x 256 pixels, or 128 x 128, ...: sides that every operator takes. Raises InputError."""
    side = SIDE
    while side > min(image.shape):
        side //= 2
    if side < 16:
        raise InputError(f"{name}: has {image.shape[0]} x {image.shape[1]} pixels; 16 x 16 are needed.")
    top, left = ((n - side) // 2 for n in image.shape)
    return image[top : top + side, left : left + side]
