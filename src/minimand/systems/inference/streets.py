"""Street scenes with the label of every pixel: what classifiers of pixels learn from and are measured on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from minimand.io import InputError, read_array
from minimand.io.photographs import read_photograph

LABELS = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist"
)  # fmt: skip
VOID = len(LABELS)  # pixels that nobody labelled: neither learned from nor counted


@dataclass(frozen=True)
class Streets:
    """names: of the files; pictures: from 0 to 1; labels: numbers of LABELS, or VOID."""

    names: tuple[str, ...]
    pictures: Float[Tensor, "images 3 height width"]
    labels: Int64[Tensor, "images height width"]

    def take(self, places: list[int]) -> "Streets":
        """Those at these places."""
        return Streets(tuple(self.names[k] for k in places), self.pictures[places], self.labels[places])


def read_streets(folder: Path, part: str) -> Streets:
    """The pictures of folder/part with the labels in folder/partannot, by the same names.

    Raises InputError where there are none, a picture has no labels of its size, or labels lie outside 0 to 11.
    """
    files = sorted((folder / part).glob("*.jpg"))
    if not files:
        raise InputError(f"{folder / part}: holds no .jpg; name the folder of the data with --data or MINIMAND_DATA.")
    pairs = [_scene(file, folder / f"{part}annot" / f"{file.stem}.png") for file in files]
    if len({labels.shape for _, labels in pairs}) > 1:
        raise InputError(f"{folder / part}: pictures have several sizes; make them one.")
    pictures, labels = (torch.stack(each) for each in zip(*pairs, strict=True))
    return Streets(tuple(file.stem for file in files), pictures, labels)


def _scene(picture: Path, truth: Path) -> tuple[Tensor, Tensor]:
    seen, labels = read_photograph(picture).unit(), read_array(truth).array
    if seen.shape != (*labels.shape, 3):
        raise InputError(f"{picture}: is {seen.shape}, its labels are {labels.shape}; a label a pixel is needed.")
    if not (np.issubdtype(labels.dtype, np.integer) and labels.min() >= 0 and labels.max() <= VOID):
        raise InputError(
            f"{truth}: has labels from {labels.min():g} to {labels.max():g}; those are 0 to {VOID - 1}, and {VOID} for "
            "pixels without one."
        )
    return torch.from_numpy(seen).permute(2, 0, 1).contiguous(), torch.from_numpy(labels.astype(np.int64))


def split(streets: Streets) -> tuple[Streets, Streets]:
    """Scenes to learn from and to choose by: the first sixth of every drive chooses, neighbours in time being alike.

    The drive is what stands before the first underscore of a name.
    """
    drives: dict[str, list[int]] = {}
    for k, name in enumerate(streets.names):
        drives.setdefault(name.partition("_")[0], []).append(k)
    chosen = {k for places in drives.values() for k in places[: max(1, len(places) // 6)]}
    return streets.take([k for k in range(len(streets.names)) if k not in chosen]), streets.take(sorted(chosen))
