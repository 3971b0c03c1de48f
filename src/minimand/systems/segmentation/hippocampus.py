"""The shared hippocampus volumes: T1 MR cut round the hippocampus, anterior part 1, posterior part 2, 1 mm voxels.

Medical Segmentation Decathlon, Task04 (Antonelli et al., 2022), CC BY-SA 4.0.
"""

from pathlib import Path

import numpy as np
import torch

from minimand.io import InputError, Stored
from minimand.systems.segmentation.atlases import Atlas, Scan

FILE = "hippocampus_shared.npz"
SUBJECTS_HELD = slice(None, None, 4)  # of the sorted subjects: those that report


def read_volumes(data: Path) -> list[Atlas]:
    """Every subject in the order of the names. Raises InputError where they are not at hand."""
    file = data / "atlas" / FILE
    if not file.is_file():
        raise InputError(f"{file.parent}: holds no {FILE}; name the folder of the data with --data.")
    with np.load(file) as arrays:
        names = sorted(name.removesuffix("_image") for name in arrays.files if name.endswith("_image"))
        return [_atlas(name, arrays[f"{name}_image"], arrays[f"{name}_label"]) for name in names]


def _atlas(name: str, image: np.ndarray, label: np.ndarray) -> Atlas:
    scan = Scan(torch.from_numpy(image.astype(np.float32)), np.eye(4), Stored(image, Path(name), None, "npz"))
    return Atlas(name, scan, torch.from_numpy(label.astype(np.int64)))
