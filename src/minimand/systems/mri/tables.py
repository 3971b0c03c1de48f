"""Tables of the talk: our figures beside the published ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from minimand.io import InputError, read_images
from minimand.operators.sampling import parse_mask
from minimand.systems.mri.compare import compare
from minimand.weights import shipped

CHEST = "mri/chest_train_075.npz"
TABLES = ("mri-chest",)
SOURCE = "talk, chest table, 20 % pseudo-radial (its test images are not public: ours are chest 61..75 of the same set)"
PUBLISHED = {
    "tv": {"nmse": 0.1019, "psnr": 35.49},
    "admm-net, 15 stages": {"nmse": 0.0775, "psnr": 37.84},
    "admm-net, 17 stages": {"nmse": 0.0767, "psnr": 37.93},
}


def mri_chest(data: Path, show: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
    """The chest table at 20 %: every method there is, and every shipped ADMM-Net, on chest 61..75.

    Raises InputError where the images are not at hand.
    """
    path = data / CHEST
    if not path.is_file():
        raise InputError(f"{path}: the chest images are not there; name their folder with --data or MINIMAND_DATA.")
    arrays = read_images(f"{path}:image[60:75]").arrays
    rows = []
    nets = [name for name in shipped() if name.startswith("admm-net")]
    for label in ["zero-filled", "tv", *nets]:
        show(label)
        method, weights = ("admm-net", label) if label in nets else (label, None)
        done = compare(arrays, lambda size: parse_mask("radial:0.2", size), [method], weights=weights, network=method)
        each = {field: values.tolist() for field, values in done.scores[method]._asdict().items()}
        rows.append({"method": label, **done.table()[method], "published": _published(label), "images": each})
    return {"table": "mri-chest", "source": SOURCE, "sampling": "radial:0.2", "rows": rows}


def _published(label: str) -> dict[str, float]:
    if label.endswith("-17"):
        return PUBLISHED["admm-net, 17 stages"]
    return PUBLISHED.get(label, {})
