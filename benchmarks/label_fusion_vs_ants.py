"""Labels of hippocampi from ten atlases: Dice and seconds of ours and of ANTs (SyN, joint label fusion).

Every fourth subject of the shared volumes is held back and reports (the first COUNT of them here); ten of the others
are the atlases, the same ones for both. ANTs registers by SyN and fuses with its defaults; ours has its defaults; each
reads the same NIfTI files. Seconds are of a whole target, registration included, on one thread. Needs the data and, in
MINIMAND_ANTS_PYTHON, an interpreter that has antspyx (its pins differ from ours).
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel
import numpy as np
from _record import report
from torch import Tensor

from minimand.systems.segmentation.hippocampus import SUBJECTS_HELD, read_volumes

NAME, COUNT, ATLASES = "label_fusion_vs_ants", 20, 10
RULES = ("majority", "joint", "patch")
DATA = Path(os.environ.get("MINIMAND_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
PYTHON = os.environ.get("MINIMAND_ANTS_PYTHON", "")


def main() -> None:
    if not PYTHON or not (DATA / "atlas").is_dir():
        print("# not available: needs MINIMAND_ANTS_PYTHON, an interpreter with antspyx, and the shared hippocampi")
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        truth = laid_out(folder)
        seconds = theirs(folder)
        scores = {f"ants, {rule}": dices(folder / rule, truth) for rule in ("majority", "joint")}
        for rule in RULES:
            seconds[f"ours, {rule}"] = ours(folder, rule)
            scores[f"ours, {rule}"] = dices(folder / f"ours-{rule}", truth)
        for label, found in scores.items():
            gain = [a - b for a, b in zip(found, scores["ants, joint"])]
            error = statistics.stdev(gain) / len(gain) ** 0.5
            report(
                NAME, label, dice=round(statistics.fmean(found), 4), targets=len(found),
                over_ants_joint=round(statistics.fmean(gain), 4), error=round(error, 4), **seconds[label],
            )  # fmt: skip


def laid_out(folder: Path) -> dict[str, np.ndarray]:
    """Files of targets and atlases; returns the targets' true labels by file."""
    volumes = read_volumes(DATA)
    held = {a.name for a in volumes[SUBJECTS_HELD]}
    learned = [a for a in volumes if a.name not in held]
    for part in ("atlases/images", "atlases/labels", "targets"):
        (folder / part).mkdir(parents=True)
    for a in learned[:: len(learned) // ATLASES][:ATLASES]:
        write(a.scan.image, folder / "atlases" / "images" / f"{a.name}.nii.gz")
        write(a.labels, folder / "atlases" / "labels" / f"{a.name}.nii.gz")
    targets = [a for a in volumes if a.name in held][:COUNT]
    for a in targets:
        write(a.scan.image, folder / "targets" / f"{a.name}.nii.gz")
    return {f"{a.name}.nii.gz": a.labels.numpy().transpose(1, 2, 0) for a in targets}


def write(volume: Tensor, file: Path) -> None:
    array = volume.numpy().astype(np.uint8).transpose(1, 2, 0)  # file axes (x, y, z)
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), file)


def theirs(folder: Path) -> dict[str, dict[str, float]]:
    """Seconds of a target of ANTs' rules; the labels lie in folders named after them."""
    script = Path(__file__).with_name("_ants_fusion.py")
    one = {**os.environ, "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1", "PYTHONPATH": ""}
    done = subprocess.run([PYTHON, script, folder], env=one, check=True, capture_output=True, text=True)
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    registration, fusion = (statistics.fmean(t[part] for t in told) for part in ("registration", "fusion"))
    return {
        "ants, majority": {"seconds": round(registration, 3)},
        "ants, joint": {"seconds": round(registration + fusion, 3)},
    }


def ours(folder: Path, rule: str) -> dict[str, float]:
    """Seconds of a target, the command's start included; no registration is kept from rule to rule."""
    with TemporaryDirectory() as cache:
        own = {**os.environ, "MINIMAND_CACHE": cache}
        targets, places = sorted((folder / "targets").iterdir()), ["--atlases", folder / "atlases"]
        command = ["-m", "minimand", "segment", *targets, "--method", rule, *places, "-o", folder / f"ours-{rule}"]
        begun = time.perf_counter()
        subprocess.run([sys.executable, *map(str, command)], env=own, check=True, capture_output=True)
    return {"seconds": round((time.perf_counter() - begun) / COUNT, 3)}


def dices(folder: Path, truth: dict[str, np.ndarray]) -> list[float]:
    """Mean Dice of both labels, target by target."""
    found = []
    for name, labels in truth.items():
        made = np.asanyarray(nibabel.Nifti1Image.from_filename(folder / name).dataobj).round().astype(int)
        each = [2 * ((made == k) & (labels == k)).sum() / ((made == k).sum() + (labels == k).sum()) for k in (1, 2)]
        found.append(float(np.mean(each)))
    return found


if __name__ == "__main__":
    main()
