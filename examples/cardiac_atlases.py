"""Cuts of the shared cardiac slices round the left ventricle as a folder of atlases, to learn from.

`deep-fusion-cardiac` learned from it.

`python examples/cardiac_atlases.py OUT` takes the 25 subjects that are not held back for the table; 96 x 96 pixels, the
middle of the ventricle known to 4 pixels.
"""

import os
import sys
from pathlib import Path

import nibabel
import numpy as np

from minimand.systems.segmentation.cardiac import SUBJECTS_HELD, cut, read_slices

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MINIMAND_DATA", ROOT.parent / "shared" / "data"))


def main() -> None:
    out = Path(sys.argv[1])
    slices = read_slices(DATA)
    held = sorted({s.subject for s in slices})[SUBJECTS_HELD]
    rng = np.random.default_rng(0)
    for name in ("images", "labels"):
        (out / name).mkdir(parents=True, exist_ok=True)
    for s in slices:
        if s.subject in held or s.label.sum() <= 100:
            continue
        parts = cut(s, jitter=rng.uniform(-4, 4, 2))
        for name, array in zip(("images", "labels"), parts, strict=True):
            nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), out / name / f"{s.name}.nii.gz")


if __name__ == "__main__":
    main()
