"""What ANTs makes of targets and atlases, run by an interpreter that has antspyx: `_ants_fusion.py FOLDER`.

FOLDER holds atlases/images, atlases/labels and targets. Writes joint/NAME and majority/NAME and prints the seconds of
each target: registration of all atlases by TRANSFORM, joint label fusion with its defaults.
"""

import json
import sys
import time
from pathlib import Path

import ants
import numpy as np

TRANSFORM = "SyN"  # affine, then symmetric normalisation


def main() -> None:
    folder = Path(sys.argv[1])
    names = sorted(path.name for path in (folder / "atlases" / "images").iterdir())
    atlases = [[ants.image_read(str(folder / "atlases" / kind / n)) for kind in ("images", "labels")] for n in names]
    for rule in ("joint", "majority"):
        (folder / rule).mkdir()
    for path in sorted((folder / "targets").iterdir()):
        target, begun = ants.image_read(str(path)), time.perf_counter()
        moved = [registered(target, *atlas) for atlas in atlases]
        between = time.perf_counter()
        fused = joint([image for image, _ in moved], [labels for _, labels in moved], target)
        told = {"name": path.name, "registration": between - begun, "fusion": time.perf_counter() - between}
        ants.image_write(fused, str(folder / "joint" / path.name))
        ants.image_write(vote([labels for _, labels in moved], target), str(folder / "majority" / path.name))
        print(json.dumps(told), flush=True)


def registered(target, image, labels):
    """An atlas on the target's grid."""
    found = ants.registration(fixed=target, moving=image, type_of_transform=TRANSFORM, random_seed=1)
    warps = found["fwdtransforms"]
    nearest = ants.apply_transforms(target, labels, warps, interpolator="nearestNeighbor")
    for warp in (*warps, *found["invtransforms"]):
        Path(warp).unlink(missing_ok=True)
    return found["warpedmovout"], nearest


def joint(images, labels, target):
    """Joint label fusion where some atlas has a label, background elsewhere."""
    somewhere = np.any([l.numpy() > 0 for l in labels], axis=0).astype("float32")
    mask = target.new_image_like(somewhere)
    return ants.joint_label_fusion(target, mask, images, label_list=labels, max_lab_plus_one=True)["segmentation"]


def vote(labels, target):
    stack = np.stack([l.numpy() for l in labels])
    known = np.unique(stack)
    return target.new_image_like(known[np.argmax([(stack == k).sum(0) for k in known], axis=0)].astype("float32"))


if __name__ == "__main__":
    main()
