"""How near the middle of a ventricle is what `segment` finds in whole cardiac slices, and in moved ones?

60 slices of subjects that are not held back, 160 x 160 pixels; atlases are cut from all slices of the other ones.
"""

import os
import time
from pathlib import Path

import numpy as np
import torch
from _record import report

from minimand.io import Stored
from minimand.systems.segmentation.atlases import Library, Scan
from minimand.systems.segmentation.cardiac import LEAST, SUBJECTS_HELD, as_atlas, read_slices
from minimand.systems.segmentation.region import find

DATA = Path(os.environ.get("MINIMAND_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
TARGETS, NEAR, MOVED = 60, 15.0, 30  # slices; pixels


def main() -> None:
    slices = read_slices(DATA)
    held = sorted({s.subject for s in slices})[SUBJECTS_HELD]
    known = [s for s in slices if s.subject not in held and s.label.sum() > LEAST]
    atlases = {s.name: as_atlas(s, np.zeros(2)) for s in known}
    rng = np.random.default_rng(0)
    targets = [known[k] for k in rng.permutation(len(known))[:TARGETS]]
    for moved in (0, MOVED):
        errors, middles, seconds = [], [], []
        for s in targets:
            shift = rng.integers(-moved, moved + 1, 2)
            image = np.pad(s.image, MOVED, mode="edge")
            row, column = MOVED - shift
            part = image[row : row + s.image.shape[0], column : column + s.image.shape[1]]
            truth = np.argwhere(s.label).mean(0) + shift
            scan = Scan(
                torch.from_numpy(part[None].astype(np.float32)), np.eye(4), Stored(part, Path(s.name), None, "")
            )
            others = Library([atlases[t.name] for t in known if t.subject != s.subject], [0, 1], [])
            start = time.perf_counter()
            found = find(scan, others)
            seconds.append(time.perf_counter() - start)
            errors.append(np.linalg.norm(np.array(found)[1:] - truth))
            middles.append(np.linalg.norm((np.array(s.image.shape) - 1) / 2 - truth))
        for name, e in (("found", errors), ("middle of the image", middles)):
            report(
                "finding_organs", name, moved=moved, slices=len(e), near=round(float(np.mean(np.array(e) < NEAR)), 3),
                median_pixels=round(float(np.median(e)), 2), seconds=round(float(np.median(seconds)), 3),
            )  # fmt: skip


if __name__ == "__main__":
    main()
