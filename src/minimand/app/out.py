"""What a job gets and gives: a file to work on, what it tells, the files that it makes."""

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

UNPACKED = "unpacked"  # folder of a job for what an archive held and what is cached; it goes when the job ends
LEVELS = 65535  # grey levels of a picture: differences of two pictures are still smooth


class Source(NamedTuple):
    """A file to work on; name: what the user calls it; beside: the file that came with it."""

    path: Path
    name: str
    beside: "Source | None" = None


class Out:
    """Events go to `tell`, files into `folder`, under names made here."""

    def __init__(self, folder: Path, tell: Callable[[Mapping[str, Any]], None]):
        self.folder, self.tell = folder, tell
        self.made, self.noted = 0, set[str]()

    def progress(self, done: int, total: int, text: str) -> None:
        """How far the job is."""
        self.tell({"kind": "progress", "done": done, "total": total, "text": text})

    def note(self, text: str) -> None:
        """One line for the user, once."""
        if text not in self.noted:
            self.noted.add(text)
            self.tell({"kind": "note", "text": text})

    def item(self, name: str, pictures: Sequence[Mapping[str, Any]], **more: Any) -> None:
        """A result that can be looked at: pictures of one size, the scores of some of them, and what else there is."""
        self.tell({"kind": "item", "name": name, "pictures": list(pictures), **_finite(more)})

    def curves(self, title: str, across: str, up: str, lines: Sequence[Mapping[str, Any]], **more: Any) -> None:
        """A chart, in place of the last one. lines: name, x, y."""
        self.tell(_finite({"kind": "curves", "title": title, "across": across, "up": up, "lines": list(lines), **more}))

    def solids(self, columns: int, solids: Sequence[Mapping[str, Any]]) -> None:
        """Surfaces that can be turned, beside those before. columns: of the colours of their points."""
        self.tell(_finite({"kind": "solids", "columns": columns, "solids": list(solids)}))

    def done(self, facts: Sequence[tuple[str, str]], downloads: Sequence[Mapping[str, str]] = ()) -> None:
        """The end: how the figures came about, and what can be downloaded."""
        self.tell({"kind": "done", "facts": [list(fact) for fact in facts], "downloads": list(downloads)})

    def grey(self, name: str, image: ArrayLike, **more: Any) -> dict[str, Any]:
        """A picture of one channel, (height, width); magnitudes of complex numbers."""
        array = _real(np.asarray(image))
        file, low, high = self.levels(array)
        return {"name": name, "file": file, "height": array.shape[0], "width": array.shape[1], "low": low,
                "high": high, "channels": 1, **more}  # fmt: skip

    def colour(self, name: str, image: ArrayLike, **more: Any) -> dict[str, Any]:
        """A picture of three channels, (height, width, 3), from 0 to 1."""
        array = np.clip(np.asarray(image, np.float32), 0, 1)
        file = self._file("u8", (np.rint(255 * array)).astype(np.uint8).tobytes())
        return {"name": name, "file": file, "height": array.shape[0], "width": array.shape[1], "low": 0.0,
                "high": 1.0, "channels": 3, **more}  # fmt: skip

    def levels(self, array: np.ndarray) -> tuple[str, float, float]:
        """A file of an array's values as 16-bit levels from its lowest to its highest value, and these."""
        low, high = float(array.min()), float(array.max())
        levels = np.rint((array - low) * (LEVELS / ((high - low) or 1.0))).astype("<u2")
        return self._file("u16", levels.tobytes()), low, high

    def indices(self, array: np.ndarray) -> str:
        """A file of whole numbers from 0 to 65535."""
        return self._file("u16", array.astype("<u2").tobytes())

    def json(self, value: Any) -> str:
        """A file of a value."""
        return self._file("json", json.dumps(_finite(value), allow_nan=False).encode())

    def archive(self, label: str, files: Sequence[Path]) -> dict[str, str]:
        """A download: files in one .zip under their own names."""
        name = self._name("zip")
        with zipfile.ZipFile(self.folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, file.name)
        return {"label": label, "file": name}

    def _file(self, suffix: str, content: bytes) -> str:
        name = self._name(suffix)
        (self.folder / name).write_bytes(content)
        return name

    def _name(self, suffix: str) -> str:
        self.made += 1
        return f"{self.made}.{suffix}"


def _real(array: np.ndarray) -> np.ndarray:
    return np.nan_to_num(np.abs(array) if np.iscomplexobj(array) else array.astype(np.float64))


def _finite(value: Any) -> Any:
    """The value for JSON: a number that is not finite is null."""
    if isinstance(value, Mapping):
        return {str(name): _finite(v) for name, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value
