"""Real MR and CT of the Whole Brain Atlas: slices of 256 x 256 in 8 bits, by patient, and predictors that learn little.

CT is windowed for the brain (bone is 255 throughout), so grey levels are no HU; MR is T2- or PD-weighted; MR and CT of
a slice fit each other roughly.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from minimand.io import InputError
from minimand.systems.synthesis.subjects import Subject, data_folder, read_pictures

LEARNED, REPORTED = (2, 16, 20, 32, 34), (37, 41)  # patients
WHITE = 255

Volume = Float[Tensor, "slices height width"]
Patients = Mapping[int, Float[Tensor, "_ height width"]]


def read_patients(folder: Path, kind: str) -> dict[int, Volume]:
    """Patient -> slices, of kind mr or ct, from files KIND/ID.png, ID = 1000 * patient + slice. Raises InputError."""
    files: dict[int, list[Path]] = {}
    for path in (folder / kind).glob("*.png"):
        if path.stem.isdigit():
            files.setdefault(int(path.stem) // 1000, []).append(path)
    if not files:
        raise InputError(
            f"{folder / kind}: holds no slices such as 2004.png; MINIMAND_DATA, or --data of minimand reproduce, names "
            "the folder of the data."
        )
    ordered = {patient: sorted(found, key=lambda path: int(path.stem)) for patient, found in sorted(files.items())}
    return {patient: read_pictures(found, f"patient {patient}").volume for patient, found in ordered.items()}


def patients_of(spec: str, kind: str) -> list[Subject] | None:
    """The subjects of `patients:2,16,20[:SIZE]`, slices reduced to SIZE x SIZE pixels; None for other specs."""
    found = re.fullmatch(r"patients:(\d+(?:,\d+)*)(?::(\d{2,3}))?", spec)
    if not found:
        return None
    known, wanted = read_patients(data_folder(), kind), [int(number) for number in found[1].split(",")]
    if unknown := [patient for patient in wanted if patient not in known]:
        raise InputError(f"{spec}: there is no patient {unknown[0]}; there are {', '.join(map(str, known))}.")
    size = int(found[2] or next(iter(known.values())).shape[1])
    return [Subject(f"patient {patient}", reduced(known[patient], size)) for patient in wanted]


def reduced(volume: Volume, size: int) -> Float[Tensor, "slices size size"]:
    """Slices of size x size pixels, each the mean of those it stands for."""
    return F.adaptive_avg_pool2d(volume[:, None], (size, size))[:, 0]


def enlarged(volume: Float[Tensor, "slices low_height low_width"], like: Volume) -> Volume:
    """Slices of the size of those of `like`, between pixels by lines."""
    return F.interpolate(volume[:, None], like.shape[1:], mode="bilinear")[:, 0]


def same_place(ct: Patients, mr: Volume) -> Volume:
    """The mean of the patients' CTs at the same relative position as each MR slice."""
    volumes, count = list(ct.values()), max(len(mr) - 1, 1)
    places = [[round(i * (len(v) - 1) / count) for i in range(len(mr))] for v in volumes]
    return torch.stack([v[at] for v, at in zip(volumes, places)]).mean(0)


def same_level(ct: Patients, of: Patients, mr: Volume) -> Volume:
    """E[CT | MR grey level], from the joint histogram of the patients' MR (`of`) and CT; grey levels 0 to 255."""
    levels = torch.cat([of[patient].flatten() for patient in ct]).long()
    values = torch.cat([volume.flatten() for volume in ct.values()])
    total = torch.zeros(WHITE + 1).index_add_(0, levels, values)
    mean: Tensor = total / torch.bincount(levels, minlength=WHITE + 1).clamp_min(1)
    return mean[mr.long()]
