"""Trials of a search, kept in a file so that it can be taken up again."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from minimand.io import InputError, write_text_atomic
from minimand.reconstruction.classical.tuning import Trial


def digest(images: Iterable[Tensor]) -> str:
    """A sha256 of the pixels of images."""
    total = hashlib.sha256()
    for image in images:
        total.update(str(tuple(image.shape)).encode() + image.contiguous().numpy().tobytes())
    return total.hexdigest()


def read_trials(path: Path, about: Mapping[str, Any]) -> list[Trial]:
    """The trials in a file; none where it does not exist. Raises InputError where it is of another search."""
    if not path.exists():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        trials = [
            Trial({str(k): float(v) for k, v in t["settings"].items()}, float(t["psnr"])) for t in found["trials"]
        ]
        theirs = {name: found[name] for name in about}
    except (ValueError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: holds no trials of minimand tune; name another file.") from error
    if differing := [name for name in about if theirs[name] != about[name]]:
        raise InputError(f"{path}: is of another search ({', '.join(differing)} differ); name another file.")
    if not all(math.isfinite(v) for t in trials for v in (t.psnr, *t.settings.values())):
        raise InputError(f"{path}: holds numbers that are not finite; name another file.")
    return trials


def write_trials(path: Path, about: Mapping[str, Any], trials: Sequence[Trial]) -> None:
    """Keep all trials made so far, the file as a whole."""
    text = json.dumps({**about, "trials": [t._asdict() for t in trials]}, indent=1)
    write_text_atomic(path, text + "\n", force=True)
