"""The main job from file to file: how a scan is reconstructed, by what, and the record of it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch

from minimand.io import make_record, write_array
from minimand.reconstruction.memory import batch_length
from minimand.reconstruction.methods import LEARNED, Method, get_method, method_of, require_known
from minimand.reconstruction.reconstruct import Reconstructed
from minimand.systems.mri.coil_scan import MOST_COILS
from minimand.systems.mri.sampling import names_file
from minimand.systems.mri.scan import (
    Scan,
    card_notes,
    file_layout,
    read_scan,
    reconstruct_scan,
    to_file,
    usual_method,
    usual_weights,
)
from minimand.weights import load_weights
from minimand.weights.choice import RESEARCH, research_weights, terms_of


@dataclass(frozen=True)
class Way:
    """How scans are reconstructed; the options of `minimand reconstruct`. weights: name or file, or what ships."""

    method: str | None = None
    weights: str | None = None
    mask: str | None = None
    coils: int = MOST_COILS
    seed: int = 0


@dataclass(frozen=True)
class Job:
    """A scan and the method that was chosen for it. used: its weights by name; way, kspace, maps: as they were asked
    for.
    """

    scan: Scan
    method: Method
    used: str | None
    device: torch.device
    way: Way
    kspace: str
    maps: str | None

    @property
    def notes(self) -> list[str]:
        """What is worth telling before the start, one line each."""
        said = (*self.scan.notes, *card_notes(self.scan, self.method), terms_of(self.method.card))
        return [text for text in said if text]

    def run(self, show: Callable[[int], None] = lambda done: None) -> Reconstructed:
        """Images of all slices. Raises ArithmeticError for a result that is not finite."""
        return reconstruct_scan(self.scan, self.method, self.device, show)

    def write(
        self,
        output: Path,
        found: Reconstructed,
        *,
        command: str,
        truth: str | None = None,
        more: dict[str, Any] | None = None,
        force: bool = False,
    ) -> str:
        """Write the images with their record, to which `more` is added; in words how the values were stored."""
        mask = self.way.mask if self.way.mask and names_file(self.way.mask) else None
        files = [self.kspace, *(each for each in (mask, self.maps, truth) if each)]
        options = {
            **asdict(self.way), "method": self.method.name, "maps": self.maps, "device": str(self.device),
            "weights_sha256": self.method.card.get("sha256"),
        }  # fmt: skip
        record = make_record(command, inputs=files, options=options, weights=self.used, seed=self.way.seed)
        images = to_file(self.scan, found)
        return write_array(output, images, like=file_layout(self.scan), record={**record, **(more or {})}, force=force)


class Made(NamedTuple):
    """Slices reconstructed, and what is worth telling."""

    slices: int
    notes: list[str]


def open_job(kspace: str, way: Way, *, maps: str | None = None, device: torch.device | None = None) -> Job:
    """Read a scan and choose its method. A mistake in the names is told before a long file is read.

    Raises InputError for bad input.
    """
    method, weights, device = way.method, way.weights, device or torch.device("cpu")
    if weights == RESEARCH:
        method = method or "admm-net"
        weights = str(research_weights(method, way.mask or ""))
    if method is None and weights is not None:
        network = method_of(load_weights(weights).card)
        method = network if network in LEARNED else "admm-net"
    if method is not None:
        require_known(method)
        if weights is not None:
            loaded(method, weights, device)
    scan = read_scan(kspace, way.mask, way.seed, maps=maps, most=way.coils)
    method = method or usual_method(scan)
    weights = weights or usual_weights(scan, method)
    chosen = loaded(method, weights, device)
    batch_length(chosen, scan.size, scan.coils, device)  # an image that does not fit is told now
    return Job(scan, chosen, weights or chosen.card.get("name"), device, way, kspace, maps)


def reconstruct_file(
    kspace: str, output: Path, way: Way, *, maps: str | None = None, more: dict[str, Any], force: bool = False
) -> Made:
    """Reconstruct one scan to a file with its record, to which `more` is added, without a word to anyone. On the CPU.

    Raises InputError for bad input, ArithmeticError for a result that is not finite.
    """
    job = open_job(kspace, way, maps=maps)
    job.write(output, job.run(), command="batch", more=more, force=force)
    return Made(job.scan.slices, job.scan.notes)


@lru_cache(maxsize=4)
def loaded(method: str, weights: str | None, device: torch.device) -> Method:
    """A method, loaded once for many scans. Raises InputError as `get_method` does."""
    return get_method(method, weights=weights, device=device)
