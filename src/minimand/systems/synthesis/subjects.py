"""Subjects to learn from and to synthesise: volumes of slices from files, or virtual heads."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minimand.io import InputError, Stored, check_finite, read_array
from minimand.io.pictures import grey
from minimand.systems.synthesis.heads import virtual_head
from minimand.systems.synthesis.template import AIR, Template, made_template, read_template

VOLUMES, PICTURES = (".nii", ".nii.gz"), (".png", ".jpg", ".jpeg", ".tif", ".tiff")
ALIKE = 0.01  # of the distance of pixels: how much it may differ between volumes

Volume = Float[Tensor, "slices height width"]


@dataclass(frozen=True)
class Subject:
    """A volume in the units of its files. spacing: of its pixels, mm, and orientation: the axes, such as LAS, where the
    file tells; files: as read, one of a volume or one of each slice; notes: one line each, for the user.
    """

    name: str
    volume: Volume
    spacing: tuple[float, float] | None = None
    orientation: str = ""
    files: Sequence[Stored] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def read_subjects(source: str) -> list[Subject]:
    """The MR or CT subjects in a folder: NIfTI volumes, folders of pictures (one each), or pictures (one in all).

    Raises InputError for a folder that holds none, a volume that is not 3-D, slices of several sizes, and numbers that
    are not finite.
    """
    folder = Path(source)
    if not folder.is_dir():
        raise InputError(f"{source}: is no folder; a folder of NIfTI volumes or of pictures is needed, or heads:0-11.")
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    if volumes := [path for path in files if path.name.lower().endswith(VOLUMES)]:
        return [read_volume(path) for path in volumes]
    if pictures := [path for path in files if path.suffix.lower() in PICTURES]:
        return [read_pictures(pictures, source)]
    inner = [
        (path, sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURES)) for path in files if path.is_dir()
    ]
    if not any(pictures for _, pictures in inner):
        raise InputError(f"{source}: this folder is empty of volumes; .nii, .nii.gz or pictures are needed.")
    return [read_pictures(pictures, str(path)) for path, pictures in inner if pictures]


def read_volume(path: Path) -> Subject:
    """A NIfTI volume, its third axis counting slices. Raises InputError."""
    stored = read_array(path)
    if stored.array.ndim != 3 or stored.array.dtype.kind == "c":
        raise InputError(f"{path}: has shape {stored.array.shape}; one volume of real numbers, 3-D, is needed.")
    geometry = stored.geometry
    assert geometry is not None  # a NIfTI has one
    import nibabel

    axes = "".join(str(axis) for axis in nibabel.aff2axcodes(geometry.affine))
    return Subject(
        str(path), _finite(stored.array, str(path)), geometry.spacing[:2], axes, [stored], list(stored.notes)
    )  # fmt: skip


def read_pictures(paths: Sequence[Path], name: str) -> Subject:
    """Pictures as the slices of one subject, in the order of their names. Raises InputError where sizes differ."""
    stored = [read_array(path) for path in paths]
    slices = [grey(part.array) if part.channels else part.array for part in stored]
    for path, image in zip(paths, slices):
        if image.shape != slices[0].shape or image.ndim != 2:
            raise InputError(
                f"{path}: is {image.shape}, {paths[0]} is {slices[0].shape}; slices of one subject are of one size."
            )
    return Subject(name, _finite(np.stack(slices), name), files=stored)


def virtual_subjects(spec: str, kind: str) -> list[Subject] | None:
    """The subjects of `heads:FIRST-LAST[:SIZE]`, of kind mr or ct; None where the spec is something else."""
    found = re.fullmatch(r"heads:(\d{1,6})-(\d{1,6})(?::(\d{2,3}))?", spec)
    if not found:
        return None
    first, last, size = (int(text or 64) for text in found.groups())
    if last < first or size % 4:
        raise InputError(f"{spec}: write heads:FIRST-LAST or heads:FIRST-LAST:SIZE, SIZE a multiple of 4.")
    template, name = head_template()
    subjects = []
    for seed in range(first, last + 1):
        head = virtual_head(template, seed, size=size)
        pixel = head.geometry.spacing[0]
        volume = head.mr if kind == "mr" else head.ct
        subjects.append(Subject(f"head {seed}", volume, (pixel, pixel), "RAS", notes=[f"{spec}: from {name}"]))
    return subjects


def data_folder() -> Path:
    """Where MR and CT to learn from lie: mrct in the folder MINIMAND_DATA, else in ../shared/data."""
    return Path(os.environ.get("MINIMAND_DATA", "../shared/data")) / "mrct"


def head_template() -> tuple[Template, str]:
    """What virtual heads are bent from, and its name: the template where the data are at hand, else ellipsoids."""
    folder = data_folder() / "template"
    if folder.is_dir():
        return read_template(folder), "the template of shared data"
    return made_template(), "ellipsoids (no template is at hand)"


def above_air(subject: Subject) -> Subject:
    """CT with what lies below air, such as padding of -2000, set to air; a note says how much."""
    below = int((subject.volume < AIR).sum())
    if not below:
        return subject
    note = f"{subject.name}: {below} voxels below {AIR:g} HU, padding, count as air"
    return Subject(
        subject.name, subject.volume.clamp_min(AIR), subject.spacing, subject.orientation, subject.files,
        [*subject.notes, note],
    )  # fmt: skip


def require_alike(subjects: Sequence[Subject]) -> None:
    """Raise InputError where volumes differ in orientation or in the distance of pixels within a slice."""
    told = [subject for subject in subjects if subject.spacing is not None]
    for subject in told[1:]:
        first = told[0]
        assert first.spacing is not None
        assert subject.spacing is not None
        apart = max(abs(a / b - 1) for a, b in zip(subject.spacing, first.spacing))
        if subject.orientation != first.orientation or apart > ALIKE:
            raise InputError(
                f"{subject.name}: {_grid(subject)}, {first.name}: {_grid(first)}; slices must lie and scale alike, "
                "resample them to one grid."
            )


def _grid(subject: Subject) -> str:
    assert subject.spacing is not None
    return "{} with pixels of {:.3g} x {:.3g} mm".format(subject.orientation, *subject.spacing)


def _finite(array: np.ndarray, name: str) -> Volume:
    check_finite(array, name, "the volume")
    return torch.from_numpy(array.astype(np.float32))
