"""The picture that tabs show when there is no file: a portrait in the public domain, inside matplotlib."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from minimand.io import InputError, Stored, read_array

NAME = "grace_hopper.jpg of matplotlib, at half its size"


@lru_cache(maxsize=1)
def sample_picture() -> Stored:
    """Admiral Hopper, 300 x 256 pixels in colour, uint8. Raises InputError where matplotlib came without it."""
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    if not path.is_file():
        raise InputError("the sample picture of matplotlib is not installed; drop a picture of yours.")
    stored = read_array(path)
    halves = stored.array.reshape(300, 2, 256, 2, 3).mean((1, 3))
    return replace(stored, array=np.rint(halves).astype(np.uint8))
