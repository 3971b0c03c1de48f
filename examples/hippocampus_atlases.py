"""The shared hippocampus volumes as a folder of atlases, to learn from.

`python examples/hippocampus_atlases.py OUT` takes the 146 subjects that are not held back for the table.
"""

import os
import sys
from pathlib import Path

import nibabel
import numpy as np

from minimand.systems.segmentation.hippocampus import SUBJECTS_HELD, read_volumes

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MINIMAND_DATA", ROOT.parent / "shared" / "data"))


def main() -> None:
    out = Path(sys.argv[1])
    volumes = read_volumes(DATA)
    held = {a.name for a in volumes[SUBJECTS_HELD]}
    for name in ("images", "labels"):
        (out / name).mkdir(parents=True, exist_ok=True)
    for atlas in volumes:
        if atlas.name in held:
            continue
        for name, volume in (("images", atlas.scan.image), ("labels", atlas.labels)):
            array = volume.numpy().astype(np.uint8).transpose(1, 2, 0)  # file axes (x, y, z)
            nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), out / name / f"{atlas.name}.nii.gz")


if __name__ == "__main__":
    main()
