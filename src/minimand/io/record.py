"""The record beside an output: what made it, from what, by which versions."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import record_path, write_text_atomic
from .errors import InputError
from .spec import parse_spec

PACKAGES = ("minimand", "torch", "numpy")


def make_record(
    command: str,
    *,
    inputs: Sequence[str | Path],
    options: Mapping[str, Any],
    weights: str | None = None,
    seed: int | None = None,
) -> dict[str, Any]:
    """A JSON-ready account of a run: command, time (UTC), inputs with sha256, options, weights, seed, versions.

    inputs: files or specs (FILE:KEY) as the user typed them; an absolute path is cut to its last part, so that a
    record can be passed on. A BART pair counts as two files, a folder as the files in it. Raises InputError when an
    input is gone.
    """
    files: list[dict[str, Any]] = []
    for given in inputs:
        for file in _files(parse_spec(given, many=True).path):
            files.append({"file": _typed(str(file)), "sha256": sha256(file)})
    return {
        "command": command,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": files,
        "options": {name: _plain(value) for name, value in options.items()},
        "weights": None if weights is None else _typed(weights),
        "seed": seed,
        "versions": versions(),
    }


def write_record(path: Path, record: Mapping[str, Any], force: bool = False) -> None:
    """Write the record of the output `path` to `path` + `.json`. Raises InputError as `check_output` does."""
    write_text_atomic(record_path(path), json.dumps(_plain(record), indent=2, allow_nan=False) + "\n", force)


def versions() -> dict[str, str]:
    """Versions of Minimand, torch, numpy and Python, without importing them."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file, in hexadecimal. Raises InputError when it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from error


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
    if path.suffix.lower() in (".cfl", ".hdr"):
        return [path.with_suffix(".cfl"), path.with_suffix(".hdr")]
    if not path.exists() and any(c in str(path) for c in "*?["):
        return sorted(p for p in Path().glob(str(path)) if p.is_file())
    return [path]


def _typed(text: str) -> str:
    """As typed, without the folders of this machine."""
    return Path(text).name if Path(text).is_absolute() else text


def _plain(value: Any) -> Any:
    """The value in JSON's types; NaN and infinity become text."""
    if isinstance(value, str | Path):
        return _typed(str(value))
    if isinstance(value, Mapping):
        return {str(name): _plain(v) for name, v in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Sequence | set | frozenset):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    return str(value)
