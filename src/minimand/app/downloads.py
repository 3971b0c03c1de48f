"""What can be downloaded: an array with its record, in one .zip."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minimand.app.out import Out, Source
from minimand.io import Stored, make_record, write_array


def download(
    out: Out,
    name: str,
    suffix: str,
    array: np.ndarray,
    *,
    options: Mapping[str, Any],
    source: Source | None,
    example: str,
    files: list[Path],
    weights: str | None = None,
    like: Stored | None = None,
    siblings: Mapping[str, np.ndarray] | None = None,
) -> dict[str, str]:
    """The array as NAME + suffix and its record. files: what it was made from, called `source` or `example` in the
    record.
    """
    record = make_record("app", inputs=files, options=options, weights=weights, seed=options.get("seed"))
    for entry in record["inputs"]:
        entry["file"] = source.name if source else example
    folder = out.folder / f"download-{name}"
    folder.mkdir()
    path = folder / f"{name}{suffix}"
    write_array(path, array, record=record, like=like, siblings=siblings)
    return out.archive(f"{name}, images and record", [path, path.with_name(f"{path.name}.json")])
