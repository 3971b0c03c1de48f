"""The shared cardiac slices: short axis of the heart, the inside of the left ventricle drawn by hand.

Sunnybrook Cardiac Data (Radau et al., 2009), CC0. Cut to 96 x 96 pixels round the ventricle, where its place is taken
as known to 4 pixels, or to 128 x 128 in the middle of the image, where it is not.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8

from minimand.io import InputError, Stored
from minimand.systems.segmentation.atlases import Atlas, Scan

SIDE, WIDE = 96, 128
SUBJECTS_HELD = slice(None, None, 4)  # of the sorted subjects: those that report
LEAST = 100  # pixels of a label below which a slice is no target


@dataclass(frozen=True)
class Slice:
    """subject, phase (ED or ES), position: from 0 to 1 between the first and the last slice of that phase."""

    name: str
    subject: str
    phase: str
    position: float
    image: UInt8[np.ndarray, "height width"]
    label: UInt8[np.ndarray, "height width"]


def read_slices(data: Path) -> list[Slice]:
    """All slices with a label, in the order of the table. Raises InputError where they are not at hand."""
    folder = data / "atlas"
    if not (folder / "scd_lv_shared.npz").is_file():
        raise InputError(f"{folder}: holds no scd_lv_shared.npz; name the folder of the data with --data.")
    with open(folder / "scd_lv_shared.csv", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if int(row["label_pixels"]) > 0]
    ends: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        ends.setdefault((row["subject"], row["phase"]), []).append(float(row["position"]))
    slices = []
    with np.load(folder / "scd_lv_shared.npz") as arrays:
        stacks = {name: arrays[name] for name in arrays.files}
    for row in rows:
        subject, k = row["subject"], int(row["index"])
        low, high = min(ends[subject, row["phase"]]), max(ends[subject, row["phase"]])
        place = (float(row["position"]) - low) / max(high - low, 1)
        image, label = stacks[f"{subject}_image"][k], stacks[f"{subject}_label"][k]
        slices.append(Slice(f"{subject}_{k:02}", subject, row["phase"], place, image, label))
    return slices


def cut(s: Slice, jitter: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Image and label of 96 x 96 pixels round the middle of the ventricle, moved by `jitter` (down, right)."""
    return _part(s, np.argwhere(s.label).mean(0) + jitter, SIDE)


def as_atlas(s: Slice, jitter: np.ndarray | None) -> Atlas:
    """The cut slice as an atlas, or as a target whose labels are known; without jitter 128 x 128 pixels in the middle
    of the image.
    """
    image, label = _part(s, np.array(s.image.shape) / 2, WIDE) if jitter is None else cut(s, jitter)
    scan = Scan(torch.from_numpy(image[None].astype(np.float32)), np.eye(4), Stored(image, Path(s.name), None, "npz"))
    return Atlas(s.name, scan, torch.from_numpy(label[None].astype(np.int64)))


def _part(s: Slice, middle: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Beyond the image its border goes on, without labels."""
    row, column = (np.round(middle).astype(int) + side // 2).tolist()
    image, label = np.pad(s.image, side, mode="edge"), np.pad(s.label, side)
    part = slice(row, row + side), slice(column, column + side)
    return image[part], label[part]
