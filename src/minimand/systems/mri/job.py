"""The main job from file to file, without a word to anyone: what is done with each of many scans."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch

from minimand.io import make_record, write_array
from minimand.reconstruction.methods import Method, get_method
from minimand.systems.mri import scan
from minimand.systems.mri.coil_scan import MOST_COILS
from minimand.systems.mri.sampling import names_file


@dataclass(frozen=True)
class Way:
    """How scans are reconstructed; the options of `minimand reconstruct`. weights: name or file, or what ships."""

    method: str | None = None
    weights: str | None = None
    mask: str | None = None
    coils: int = MOST_COILS
    seed: int = 0


class Made(NamedTuple):
    """Slices reconstructed, seconds of the method alone, and what is worth telling."""

    slices: int
    seconds: float
    notes: list[str]


def reconstruct_file(
    kspace: str, output: Path, way: Way, *, maps: str | None = None, more: dict[str, Any], force: bool = False
) -> Made:
    """Reconstruct one scan to a file with its record, to which `more` is added. On the CPU.

    Raises InputError for bad input, ArithmeticError for a result that is not finite.
    """
    job = scan.read_scan(kspace, way.mask, way.seed, maps=maps, most=way.coils)
    method = way.method or scan.usual_method(job)
    chosen = loaded(method, way.weights or scan.usual_weights(job, method))
    found = scan.reconstruct_scan(job, chosen, torch.device("cpu"))
    files = [kspace, *([way.mask] if way.mask and names_file(way.mask) else []), *([maps] if maps else [])]
    options = {**asdict(way), "method": method, "maps": maps, "weights_sha256": chosen.card.get("sha256")}
    used = way.weights or chosen.card.get("name")
    record = {**make_record("batch", inputs=files, options=options, weights=used, seed=way.seed), **more}
    write_array(output, scan.to_file(job, found), like=scan.file_layout(job), record=record, force=force)
    return Made(job.slices, found.seconds * (job.slices - int(job.empty.sum())), [*job.notes])


@lru_cache(maxsize=4)
def loaded(method: str, weights: str | None) -> Method:
    """A method, loaded once for many scans. Raises InputError as `get_method` does."""
    return get_method(method, weights=weights)
