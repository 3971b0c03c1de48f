"""From photographs on disk to clear ones: which files, under which names, and what is written beside them."""

import glob
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from minimand.io import InputError, check_outputs, make_record, write_record
from minimand.io.photographs import SUFFIXES, Photograph, read_photograph, write_photograph
from minimand.systems.dehazing.dehaze import Method, dehaze
from minimand.systems.dehazing.report import Entry, entry


@dataclass(frozen=True)
class Job:
    """One picture to clear: where it lies, where it goes, and where its transmission goes if that is wanted."""

    source: Path
    output: Path
    transmission: Path | None


def pictures_of(names: Sequence[str]) -> list[Path]:
    """The files that names, folders and patterns stand for. Raises InputError where one stands for none."""
    files: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            found = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
            if not found:
                raise InputError(f"{name}: this folder holds no picture ({' '.join(SUFFIXES)}).")
        elif not path.exists() and glob.has_magic(name):
            found = [Path(text) for text in sorted(glob.glob(name, recursive=True)) if Path(text).is_file()]
            if not found:
                raise InputError(f"{name}: no file matches this pattern.")
        else:
            found = [path]
        files += found
    return list(dict.fromkeys(files))


def plan(names: Sequence[str], folder: Path, *, transmission: bool = False, force: bool = False) -> list[Job]:
    """What is to be done, all checked before anything is: the folder is made if its parent is there.

    Raises InputError for two pictures of one name, for an output that exists (unless `force`) or is an input.
    """
    files = pictures_of(names)
    beside = ["{}.transmission.png"] if transmission else []
    outputs = check_outputs(folder, [(f, [f.name, *(name.format(f.stem) for name in beside)]) for f in files], force)
    return [Job(file, found[0], found[1] if transmission else None) for file, found in zip(files, outputs)]


def run(
    job: Job,
    method: Method,
    strength: float = 1.0,
    *,
    options: Mapping[str, Any],
    weights: str | None = None,
    page: bool = False,
    force: bool = False,
) -> tuple[dict[str, Any], Entry | None]:  # fmt: skip
    """Clear one picture, write it with its record, and say what was found in plain values; with `page` also what a
    report shows.

    options, weights: of the run, for the record. Raises InputError for a file that is no picture or is damaged.
    """
    photo = read_photograph(job.source)
    start = time.perf_counter()
    I = pixels_of(photo)
    found = dehaze(I, method, strength=strength)
    seconds = time.perf_counter() - start
    unit = found.J.permute(1, 2, 0).numpy()[..., : photo.pixels.shape[2]]
    record = make_record("dehaze", inputs=[job.source], options=options, weights=weights)
    figures = {
        "airlight": [round(float(value), 4) for value in found.A],
        "transmission": {name: round(float(getattr(found.T, name)()), 4) for name in ("mean", "min", "max")},
    }
    write_photograph(job.output, photo.painted(unit), force=force)
    write_record(job.output, {**record, "found": figures}, force)
    if job.transmission is not None:
        levels = found.T[..., None].numpy()
        blank = Photograph(job.source, "PNG", np.zeros((1, 1, 1), np.uint8), orientation=photo.orientation)
        write_photograph(job.transmission, blank.painted(levels), force=force)
    said = {"input": str(job.source), "output": str(job.output), "size": [photo.pixels.shape[1], photo.pixels.shape[0]]}
    beside = {"transmission_file": str(job.transmission)} if job.transmission else {}
    told = {**said, **figures, **beside, "seconds": round(seconds, 4), "notes": list(photo.notes)}
    return told, entry(told, I, found, photo.orientation) if page else None


def pixels_of(photo: Photograph) -> torch.Tensor:
    """The picture as (3, height, width) from 0 to 1; grey becomes three equal channels."""
    pixels = torch.from_numpy(photo.unit()).permute(2, 0, 1)
    return pixels.expand(3, -1, -1).contiguous()
