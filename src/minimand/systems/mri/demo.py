"""The embedded example: the 4-D brain scan that ships inside nibabel."""

from pathlib import Path

import numpy as np

from minimand.io import Images, InputError, read_images

SAMPLING = "radial:0.2"
METHODS = ("zero-filled", "tv", "admm-net", "admm-csnet")


def embedded_scan() -> Images:
    """All slices of the scan, 96 x 128 pixels, turned so that the face is up.

    Raises InputError where nibabel came without its example data.
    """
    import nibabel

    path = Path(nibabel.__file__).parent / "tests" / "data" / "example4d.nii.gz"
    if not path.is_file():
        raise InputError("the example scan of nibabel is not installed; try minimand compare with a scan of yours.")
    images = read_images(path)
    images.arrays[:] = [np.rot90(a, -1).copy() for a in images.arrays]
    return images
