"""From volumes on disk to label files of the same names, and what lies beside them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from minimand.io import InputError, check_output, make_record, write_array
from minimand.systems.segmentation.atlases import Library, Scan, label_type, read_labels, read_scan
from minimand.systems.segmentation.fusion import Rule
from minimand.systems.segmentation.region import Region
from minimand.systems.segmentation.report import Entry, counted, shown_slice
from minimand.systems.segmentation.scores import overlap
from minimand.systems.segmentation.segment import segment


@dataclass(frozen=True)
class Job:
    """A volume to segment, where its labels go, where probabilities and disagreement go if wanted, and the true labels
    if they are known.
    """

    source: Path
    output: Path
    probabilities: Path | None
    disagreement: Path | None
    truth: Path | None


@dataclass(frozen=True)
class Done:
    """What was found, in plain values for a line or JSON, and for the report."""

    told: dict[str, Any]
    entry: Entry


def plan(
    targets: Sequence[Path], folder: Path, *, truth: Path | None = None, probabilities: bool = False,
    force: bool = False,
) -> list[Job]:  # fmt: skip
    """What is to be done, all checked before anything is; the folder is made if its parent is there.

    truth: folder of true labels under the targets' names. Raises InputError for a missing target or truth, two of one
    name, an output that exists (unless `force`) or is a target.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file, a folder is needed for the labels; choose another name.")
    if not folder.absolute().parent.is_dir():
        raise InputError(f"{folder}: the folder {folder.parent} does not exist; create it or choose another one.")
    sources = {path.resolve() for path in targets}
    jobs: dict[Path, Job] = {}
    for path in dict.fromkeys(targets):
        if not path.is_file():
            raise InputError(f"{path}: no such file.")
        stem = path.name[: path.name.lower().find(".nii")] if ".nii" in path.name.lower() else path.stem
        shares, doubt = (
            folder / f"{stem}.{what}.nii.gz" if probabilities else None for what in ("probabilities", "disagreement")
        )
        known = None if truth is None else truth / path.name
        if known is not None and not known.is_file():
            raise InputError(f"{known}: no such file; --truth is a folder with true labels under the targets' names.")
        job = Job(path, folder / path.name, shares, doubt, known)
        for output in (job.output, shares, doubt):
            if output is not None and output.resolve() in sources:
                raise InputError(f"{output}: is one of the targets; choose another folder.")
            if output is not None and folder.is_dir():
                check_output(output, force, record=output == job.output)
        if job.output in jobs:
            raise InputError(f"{path} and {jobs[job.output].source}: have one name; take one after the other.")
        jobs[job.output] = job
    folder.mkdir(exist_ok=True)
    return list(jobs.values())


def run(
    job: Job,
    library: Library,
    rule: Rule,
    *,
    count: int,
    centre: Sequence[int] | None = None,
    box: Sequence[Sequence[int]] | None = None,
    options: Mapping[str, Any],
    weights: str | None = None,
    explain: bool = False,
    force: bool = False,
) -> Done:
    """Segment one file, write its labels with their record, and say what was found.

    explain: find out for the report how much every atlas counted, for rules that weigh them place by place. Labels
    keep their numbers and lie as the target does. Raises InputError for a target or a truth that cannot be read or does
    not fit.
    """
    start = time.perf_counter()
    scan = read_scan(job.source)
    truth = None if job.truth is None else read_labels(job.truth, scan)
    try:
        found = segment(scan, library, rule, count=count, centre=centre, box=box)
    except ValueError as error:
        raise InputError(f"{job.source}: {error}") from error
    record = make_record("segment", inputs=[job.source], options=options, weights=weights)
    record = {**record, "found": {"atlases": found.atlases, "labels": found.numbers}}
    size, paste = scan.image.shape, found.region.paste
    labels = paste(found.labels[None], size, [0])[0]
    typed = labels.numpy().astype(label_type(found.numbers))
    write_array(job.output, _as_file(typed, scan), like=scan.source, record=record, force=force)
    if job.probabilities is not None:
        background = [1] + [0] * (len(found.numbers) - 1)
        write_array(
            job.probabilities, _float(paste(found.probabilities, size, background)), like=scan.source, force=force
        )
    if job.disagreement is not None:
        doubt = paste(found.disagreement[None], size, [0])[0]
        write_array(job.disagreement, _as_file(_float(doubt), scan), like=scan.source, force=force)
    scores = {} if truth is None else {n: overlap(labels, truth, n, scan.spacing) for n in found.numbers[1:]}
    told = {
        "input": str(job.source),
        "output": str(job.output),
        "size": list(scan.source.array.shape),
        "voxels": {number: int((found.labels == number).sum()) for number in found.numbers[1:]},
        "disagreement": round(float(found.disagreement.mean()), 4),
        "atlases": found.atlases,
        "region": _told(found.region, scan),
        "seconds": round(time.perf_counter() - start, 3),
        "notes": [*scan.source.notes, *found.notes],
        **({"scores": {n: _finite(each._asdict()) for n, each in scores.items()}} if scores else {}),
    }
    counts = counted(rule, found.warped, shown_slice(found)) if explain else None
    known = None if truth is None else truth[found.region.part]
    return Done(told, Entry(job.source.name, found, counts, scan.spacing, known, scores))


def _told(region: Region, scan: Scan) -> list[list[int]]:
    """First and last voxel of what was worked on, as viewers count: x, y and, of volumes, z."""
    ends = [p.indices(n)[:2] for p, n in zip(region.part, scan.image.shape, strict=True)]
    z, x, y = ends
    axes = [x, y] if scan.image.shape[0] == 1 else [x, y, z]
    return [[a for a, _ in axes], [b - 1 for _, b in axes]]


def _finite(figures: Mapping[str, float]) -> dict[str, float | None]:
    """JSON has no infinity: a distance to nothing is null."""
    return {name: value if np.isfinite(value) else None for name, value in figures.items()}


def _float(x: Tensor) -> np.ndarray:
    return x.numpy().astype(np.float32)


def _as_file(array: np.ndarray, scan: Scan) -> np.ndarray:
    """A result in the axes of the target's file: an image stays one."""
    return array.reshape(scan.source.array.shape[-3:])
