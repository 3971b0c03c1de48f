"""Natural images: what counts as white, so that figures compare with published ones."""

import numpy as np

from minimand.io import Images, InputError

WHITE = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0, np.dtype(bool): 1.0}


def white_levels(images: Images) -> list[float]:
    """For each image the value that is white: 255 of 8 bits, 65535 of 16 bits; else 1, 255 or 65535, whichever is the
    least that the array it comes from does not exceed.

    Scores are taken with white as 1: PSNR and SSIM of 8-bit pictures with peak 255, as published. Raises InputError for
    complex images, values below zero and values above 65535.
    """
    return [_white(images.sources[source].array, images.sources[source].name) for source, _ in images.places]


def _white(array: np.ndarray, name: str) -> float:
    if array.dtype.kind == "c":
        raise InputError(f"{name}: --operator measures real images, got complex ones; use --mask for those.")
    if array.dtype in WHITE:
        return WHITE[array.dtype]
    low, high = float(array.min()), float(array.max())
    if low < 0:
        raise InputError(f"{name}: a picture has values from 0 to white, got {low:g}; shift it, or use --mask.")
    for white in (1.0, 255.0, 65535.0):
        if high <= white:
            return white
    raise InputError(f"{name}: a picture has values up to 65535, got {high:g}; scale it, or use --mask.")
