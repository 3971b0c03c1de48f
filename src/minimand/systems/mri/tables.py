"""Tables of the talk: our figures beside the published ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from minimand.io import InputError, read_images
from minimand.reconstruction.compare import Compared
from minimand.reconstruction.import_weights import import_network
from minimand.reconstruction.table import Rival, Show, classical, part, silent, table_rows
from minimand.systems.mri.acquisition import sampled_by
from minimand.systems.mri.published import PUBLISHED
from minimand.systems.mri.sampling import read_sampling
from minimand.weights import shipped_cards

CHEST, BRAIN = "mri/chest_train_075.npz", "mri/single_images.npz"
AUTHORS = ("net-stage*.mat", "NET-Pseudo-radial-0.2-*.mat")  # their networks for radial 20 %
RATES = (0.2, 0.3, 0.4, 0.5)  # of the talk
CLASSICAL = ("zero-filled", "tv", "recpf", "sidwt", "pbdw", "pano", "fdlcp", "bm3d-mri", "init-net")


@dataclass(frozen=True)
class Table:
    """Images of a table: where they lie, what they are called, what was published about others like them."""

    images: tuple[str, ...]
    on: str
    source: str


TABLES = {
    "mri-chest": Table(
        (f"{CHEST}:image[60:75]",),
        "chest 61..75",
        "talk, chest table, 20 % pseudo-radial (its test images are not public: ours are chest 61..75 of the same set)",
    ),
    "mri-brain": Table(
        (f"{BRAIN}:brain_data1", f"{BRAIN}:brain_real_rdata1"),
        "two real brain images",
        "talk, brain tables, pseudo-radial (its test images are not public: ours are two that came with the networks)",
    ),
}


def mri_table(
    name: str, data: Path, rates: Sequence[float] = RATES[:1], show: Show = silent, first: int | None = None
) -> tuple[dict[str, Any], dict[str, Compared]]:
    """A table at some sampling rates: every method, every shipped network for this sampling and, at 20 %, the authors'.

    data: the folder that holds mri/; show: told which method runs, its number and how many there are; first: only so
    many of the images. Gives the table for JSON, and by sampling what each method made of each image. Raises InputError
    where the images are not at hand.
    """
    table = TABLES[name]
    every = _images(table, data)
    arrays = every[:first]
    rows: list[dict[str, Any]] = []
    made: dict[str, Compared] = {}
    with TemporaryDirectory() as folder:
        for rate in rates:
            sampling = f"radial:{rate:g}"
            published = PUBLISHED.get((name, f"{rate:g}"), {})
            rivals = classical(CLASSICAL) + shipped_networks(sampling)
            rivals += authors_networks(data, Path(folder)) if sampling == "radial:0.2" else []
            found, together = table_rows(arrays, sampled_by(read_sampling(sampling)), rivals, published, show=show)
            rows += [{**row, "sampling": sampling} for row in found]
            if together is not None:
                made[sampling] = together
    sampling = ", ".join(f"radial:{rate:g}" for rate in rates)
    on = part(table.on, len(arrays), len(every))
    return {"table": name, "source": table.source, "sampling": sampling, "on": on, "rows": rows}, made


def shipped_networks(sampling: str) -> list[Rival]:
    """Every shipped network that learned this sampling."""
    cards = shipped_cards().items()
    return [Rival(name, card["network"], name) for name, card in cards if sampling in card.get("sampling", ())]


def authors_networks(data: Path, folder: Path) -> list[Rival]:
    """The authors' networks that are at hand, imported into a folder."""
    rivals = []
    for file in sorted(file for names in AUTHORS for file in (data / "mri" / "nets").glob(names)):
        weights = folder / f"{file.stem}.safetensors"
        network, depth = import_network(file, weights, force=True)
        rivals.append(Rival(f"authors' {file.stem}, {depth} stages", network, str(weights)))
    return rivals


def _images(table: Table, data: Path) -> list[np.ndarray]:
    """The images, real. Raises InputError where a file is missing."""
    arrays: list[np.ndarray] = []
    for spec in table.images:
        path = data / spec.partition(":")[0]
        if not path.is_file():
            raise InputError(f"{path}: the images are not there; name their folder with --data or MINIMAND_DATA.")
        arrays += read_images(f"{data / spec}").arrays
    return arrays
