"""Tables of the talk: our figures beside the published ones."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from minimand.io import InputError, read_images
from minimand.reconstruction.compare import compare
from minimand.reconstruction.import_weights import import_network
from minimand.systems.mri.acquisition import sampled_by
from minimand.systems.mri.sampling import read_sampling
from minimand.weights import shipped_cards

CHEST, SAMPLING = "mri/chest_train_075.npz", "radial:0.2"
AUTHORS = ("net-stage*.mat", "NET-Pseudo-radial-0.2-*.mat")  # their networks for this sampling
TABLES = ("mri-chest",)
SOURCE = "talk, chest table, 20 % pseudo-radial (its test images are not public: ours are chest 61..75 of the same set)"
PUBLISHED = {
    "tv": {"nmse": 0.1019, "psnr": 35.49},
    "admm-net": {"nmse": 0.0775, "psnr": 37.84},  # ADMM-Net-15; ours has 15 stages, too
    "admm-net-chest-17": {"nmse": 0.0767, "psnr": 37.93},  # ADMM-Net-17
}


def mri_chest(data: Path, show: Callable[[str, int, int], None] = lambda label, k, n: None) -> dict[str, Any]:
    """The chest table at 20 %: every method, every shipped network for it and the authors', on chest 61..75.

    data: the folder that holds mri/; show: told which method runs, its number and how many there are. Raises InputError
    where the images are not at hand.
    """
    path = data / CHEST
    if not path.is_file():
        raise InputError(f"{path}: the chest images are not there; name their folder with --data or MINIMAND_DATA.")
    arrays = read_images(f"{path}:image[60:75]").arrays
    with TemporaryDirectory() as folder:
        rivals: list[tuple[str, str, str | None]] = [(name, name, None) for name in ("zero-filled", "tv")]
        rivals += [
            (name, card["network"], name)
            for name, card in shipped_cards().items()
            if SAMPLING in card.get("sampling", ())
        ]
        for file in sorted(file for names in AUTHORS for file in (data / "mri" / "nets").glob(names)):
            weights = Path(folder) / f"{file.stem}.safetensors"
            network, depth = import_network(file, weights)
            rivals.append((f"authors' {file.stem}, {depth} stages", network, str(weights)))
        rows, measure = [], sampled_by(read_sampling(SAMPLING))
        for k, (label, method, used) in enumerate(rivals, 1):
            show(label, k, len(rivals))
            done = compare(arrays, measure, [method], weights=used, network=method)
            each = {field: values.tolist() for field, values in done.scores[method]._asdict().items()}
            rows.append(
                {"method": label, **done.table()[method], "published": PUBLISHED.get(label, {}), "images": each}
            )
    return {"table": "mri-chest", "source": SOURCE, "sampling": SAMPLING, "on": "chest 61..75", "rows": rows}
