"""From MR on disk to CT on disk: volumes and pictures, on the grid and in the names of the MR."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from minimand.io import InputError, check_outputs, make_record, write_array
from minimand.systems.synthesis.intensity import Range, unit_mr
from minimand.systems.synthesis.report import Entry
from minimand.systems.synthesis.scores import score_subject
from minimand.systems.synthesis.subjects import (
    ALIKE,
    PICTURES,
    VOLUMES,
    Subject,
    read_pictures,
    read_volume,
)
from minimand.systems.synthesis.synthesize import sides_of, synthesize

TOP = 255  # of pictures of 8 bits


@dataclass(frozen=True)
class Job:
    """One subject: a volume, or pictures that are its slices; where its CT goes, and where the true CT lies."""

    sources: Sequence[Path]
    outputs: Sequence[Path]
    truths: Sequence[Path]

    @property
    def name(self) -> str:
        """How messages call it."""
        return str(self.sources[0] if len(self.sources) == 1 else self.sources[0].parent)


@dataclass(frozen=True)
class Found:
    """told: in plain values, for the user; entry: what a report shows; notes: one line each."""

    told: dict[str, Any]
    entry: Entry
    notes: Sequence[str]


def plan(
    names: Sequence[str], folder: Path, card: dict[str, Any], *, truth: Path | None = None, force: bool = False
) -> list[Job]:
    """What is to be done, all checked before anything is; pictures of one folder are one subject.

    Raises InputError for a name that stands for no MR, a true CT that is missing, and as `check_outputs` does.
    """
    groups = subjects_in(names)
    low, high = card["range"]
    suffix = ".png" if low >= 0 and high <= TOP else ".tif"
    reads = [source for group in groups for source in group]
    writes = [path.name if _is_volume(path) else path.stem + suffix for path in reads]
    if truth is not None and (missing := [path for path in reads if not (truth / path.name).is_file()]):
        raise InputError(f"{truth / missing[0].name}: there is no true CT of this name; leave --truth out, or add it.")
    outputs = iter(check_outputs(folder, [(path, [name]) for path, name in zip(reads, writes)], force))
    truths = {path: truth / path.name for path in reads} if truth else {}
    return [
        Job(group, [next(outputs)[0] for _ in group], [truths[path] for path in group if path in truths])
        for group in groups
    ]  # fmt: skip


def subjects_in(names: Sequence[str]) -> list[list[Path]]:
    """The files of each subject that names of files and folders stand for. Raises InputError."""
    files: list[Path] = []
    for name in names:
        path = Path(name)
        found = sorted(p for p in path.iterdir() if _is_mr(p)) if path.is_dir() else [path]
        if not found:
            raise InputError(f"{name}: this folder is empty of MR; .nii, .nii.gz or pictures are needed.")
        if not path.exists() or not all(map(_is_mr, found)):
            why = "is no NIfTI volume and no picture" if path.exists() else "no such file"
            raise InputError(f"{name}: {why}; .nii, .nii.gz, {', '.join(PICTURES)} are read.")
        files += found
    slices: dict[Path, list[Path]] = {}
    for path in dict.fromkeys(files):
        slices.setdefault(path if _is_volume(path) else path.parent, []).append(path)
    return list(slices.values())


def run(job: Job, net: nn.Module, card: dict[str, Any], *, force: bool = False) -> Found:
    """Make the CT of one subject, write it with its record, and score it where the true one is at hand.

    Raises InputError for files that are damaged, hold no image, or do not fit their true CT.
    """
    subject, true = read(job.sources), read(job.truths) if job.truths else None
    if true is not None and true.volume.shape != subject.volume.shape:
        sizes = " and ".join(str(tuple(volume.shape)) for volume in (subject.volume, true.volume))
        raise InputError(f"{true.name}: MR and true CT have shapes {sizes}; they must be on one grid.")
    values = Range(*card["range"])
    start = time.perf_counter()
    mr = unit_mr(subject)
    ct = values.value(synthesize(net, mr, sides_of(card)))
    seconds = time.perf_counter() - start
    _write(job, subject, ct, card, force)
    scores = score_subject(ct, true.volume, *values) if true is not None else None
    told = {
        "input": job.name, "output": str(job.outputs[0] if len(job.outputs) == 1 else job.outputs[0].parent),
        "shape": list(ct.shape), "ct": [float(ct.min()), float(ct.max())], "seconds": round(seconds, 4),
        **({"scores": scores._asdict()} if scores else {}),
    }  # fmt: skip
    return Found(told, Entry(job.name, mr, ct, true.volume if true else None, values, scores), _notes(subject, card))


def read(paths: Sequence[Path]) -> Subject:
    """A volume, or pictures as one. Raises InputError."""
    if _is_volume(paths[0]):
        return read_volume(paths[0])
    return read_pictures(paths, str(paths[0] if len(paths) == 1 else paths[0].parent))


def _write(job: Job, subject: Subject, ct: Tensor, card: dict[str, Any], force: bool) -> None:
    """NIfTI in whole HU on the MR's grid, PNG in whole grey levels, TIFF in HU."""
    array = ct.numpy()
    parts = [array] if _is_volume(job.outputs[0]) else list(array)
    for source, output, part, stored in zip(job.sources, job.outputs, parts, subject.files, strict=True):
        kind = np.float32 if output.suffix == ".tif" else np.int16
        whole = part if kind == np.float32 else np.rint(part)
        record = make_record(
            "synthesize", inputs=[source], options={"weights_sha256": card.get("sha256")}, weights=card.get("name")
        )
        write_array(output, whole.astype(kind), like=stored if _is_volume(output) else None, record=record, force=force)


def _notes(subject: Subject, card: dict[str, Any]) -> list[str]:
    """What the user should know: that the MR is not like what the network learned from."""
    notes, learned = list(subject.notes), card.get("spacing")
    if learned and subject.spacing and max(abs(a / b - 1) for a, b in zip(subject.spacing, learned)) > ALIKE:
        sizes = ["{:.3g} x {:.3g} mm".format(*spacing) for spacing in (subject.spacing, learned)]
        notes.append(f"{subject.name}: pixels of {sizes[0]}, the network learned {sizes[1]}; resample for good results")
    axes = card.get("orientation")
    if axes and subject.orientation and subject.orientation != axes:
        notes.append(f"{subject.name}: axes {subject.orientation}, the network learned {axes}; reorient it")
    return notes


def _is_volume(path: Path) -> bool:
    return path.name.lower().endswith(VOLUMES)


def _is_mr(path: Path) -> bool:
    return not path.name.startswith(".") and (_is_volume(path) or path.suffix.lower() in PICTURES)
