"""Everything a file holds, for another format."""

from dataclasses import replace

import numpy as np

from .errors import AmbiguousError
from .read import read_array
from .spec import Spec, parse_spec
from .stored import Stored


def read_whole(spec: str) -> tuple[Stored, dict[str, np.ndarray]]:
    """The array that a spec names, and what lies beside it: where no array and no part is named, the other arrays of
    its container, and the mask, noise and calibration of raw data. Raises InputError.
    """
    asked = parse_spec(spec)
    try:
        main = read_array(asked)
    except AmbiguousError as error:
        main = read_array(replace(asked, key=error.names[0]))
    if asked.key is not None or asked.index is not None:
        return main, {}
    if main.raw is not None:
        found = {"mask": main.raw.mask, "noise": main.raw.noise, "calibration": main.raw.calibration}
        return main, {name: array for name, array in found.items() if array is not None}
    others = [name for name in main.siblings if name != main.key]
    return main, {name: read_array(Spec(asked.path, name)).array for name in others}
