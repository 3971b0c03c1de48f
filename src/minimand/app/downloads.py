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
    record = record_of(options, files, source, example, weights)
    folder = out.folder / f"download-{name}"
    folder.mkdir()
    path = folder / f"{name}{suffix}"
    write_array(path, array, record=record, like=like, siblings=siblings)
    return out.archive(f"{name}, images and record", [path, path.with_name(f"{path.name}.json")])


def record_of(
    options: Mapping[str, Any], files: list[Path], source: Source | None, example: str, weights: str | None = None
) -> dict[str, Any]:
    """The record of a job, with the user's names of files."""
    record = make_record("app", inputs=files, options=options, weights=weights, seed=options.get("seed"))
    named = {file.path.name: file.name for file in (source, source and source.beside) if file}
    for entry in record["inputs"]:
        entry["file"] = named.get(Path(entry["file"]).name, example)
    return record


def files_of(source: Source | None) -> list[Path]:
    """The files that a job got."""
    return [file.path for file in (source, source and source.beside) if file]
