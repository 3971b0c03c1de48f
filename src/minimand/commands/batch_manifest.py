"""What a batch is to do and what it has done: the manifest that names scans, and the ledger beside their results."""

import csv
import difflib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minimand.io import InputError, parse_spec, record_path
from minimand.io.read import suffix_of

COLUMNS = ("kspace", "mask", "maps", "output")
MOST = 1_000_000
LEDGER, LOCK = "batch.jsonl", "batch.lock"


@dataclass(frozen=True)
class Row:
    """A scan of a manifest, paths from where the command runs. mask_file, maps: empty where there are none; mask: a
    way to draw one, such as radial:0.2, likewise.
    """

    number: int
    kspace: str
    output: str
    mask: str = ""
    mask_file: str = ""
    maps: str = ""

    @property
    def files(self) -> list[Path]:
        """The files that a result hangs on."""
        named = [parse_spec(text).path for text in (self.kspace, self.mask_file, self.maps) if text]
        return [file for path in named for file in _parts(path)]


def read_manifest(path: Path, suffix: str, mask: str | None) -> list[Row]:
    """The scans of a CSV file with a column `kspace` and, where wanted, `mask`, `maps` and `output`.

    Relative names count from the manifest's folder; output: a name in the folder of results, else that of the scan with
    `suffix`; mask: for scans that name none, counted from where the command runs. Raises InputError for a file that is
    none, unknown columns, empty names and two outputs of one name.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; a manifest is a CSV file with a column kspace.")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_columns(path, reader.fieldnames or ())
            rows = [_row(path, n, line, suffix, mask) for n, line in enumerate(reader, 2)]
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: is no CSV file ({error}); a header with kspace and a line a scan are needed."
        ) from error
    if not 0 < len(rows) <= MOST:
        raise InputError(f"{path}: names {len(rows)} scans, 1 to {MOST} are taken.")
    taken: dict[str, int] = {}
    for row in rows:
        if row.output in taken:
            raise InputError(
                f"{path}: lines {taken[row.output]} and {row.number} both write {row.output}; add a column output."
            )
        taken[row.output] = row.number
    return rows


def _check_columns(path: Path, names: Sequence[str]) -> None:
    for name in names:
        if name not in COLUMNS:
            near = difflib.get_close_matches(name or "", COLUMNS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise InputError(f"{path}: has an unknown column {name!r}.{hint} Known: {', '.join(COLUMNS)}.")
    if "kspace" not in names:
        raise InputError(f"{path}: has no column kspace; the first line names the columns: {','.join(COLUMNS)}.")


def _row(path: Path, number: int, line: Mapping[str | None, Any], suffix: str, mask: str | None) -> Row:
    from minimand.systems.mri.sampling import names_file

    if None in line or None in line.values():
        raise InputError(f"{path}: line {number} has another number of fields than the first line.")
    named = {name: str(line.get(name, "") or "").strip() for name in COLUMNS}
    if not named["kspace"]:
        raise InputError(f"{path}: line {number} names no kspace.")
    masked = named["mask"] or mask or ""
    file = names_file(masked) if masked else False
    output = named["output"] or _stem(parse_spec(named["kspace"]).path) + suffix
    if Path(output).name != output or output.startswith("."):
        raise InputError(f"{path}: line {number} has the output {output!r}; a name without folders is needed.")
    return Row(
        number,
        os.path.normpath(path.parent / named["kspace"]),
        output,
        mask="" if file else masked,
        mask_file=(os.path.normpath(path.parent / named["mask"]) if named["mask"] else masked) if file else "",
        maps=os.path.normpath(path.parent / named["maps"]) if named["maps"] else "",
    )


def _stem(path: Path) -> str:
    return path.name[: len(path.name) - len(suffix_of(path))] or path.name


def _parts(path: Path) -> list[Path]:
    return [path.with_suffix(".cfl"), path.with_suffix(".hdr")] if path.suffix in (".cfl", ".hdr") else [path]


def stamp(files: Sequence[Path]) -> list[list[int]]:
    """Size and time of each file: while these stay, so does its content."""
    found = []
    for file in files:
        try:
            told = file.stat()
        except OSError:
            return []
        found.append([told.st_size, told.st_mtime_ns])
    return found


class Ledger:
    """One JSON line for each thing that happened to a scan, in the folder of results; the last one of a scan counts.

    A line is whole or is left out: what a killed process left of one is skipped.
    """

    def __init__(self, folder: Path):
        self.path = folder / LEDGER
        self.last: dict[str, dict[str, Any]] = {}
        if self.path.exists():
            for line in self.path.read_bytes().splitlines():
                with suppress(ValueError, KeyError, TypeError):
                    entry = json.loads(line)
                    self.last[str(entry["output"])] = entry

    def add(self, entry: dict[str, Any]) -> None:
        """Write an entry down."""
        self.last[str(entry["output"])] = entry
        with open(self.path, "ab+") as file:
            torn = file.tell() > 0 and (file.seek(-1, 2), file.read(1))[1] != b"\n"
            file.write(b"\n" * torn + json.dumps(entry).encode() + b"\n")

    def settled(self, row: Row, way: str, folder: Path) -> dict[str, Any] | None:
        """The entry of a scan that is done, or failed for good, in this way and from these files; None: it is to do."""
        entry = self.last.get(row.output)
        if entry is None or entry.get("way") != way or entry.get("stamp") != stamp(row.files):
            return None
        whole = (folder / row.output).is_file() and record_path(folder / row.output).is_file()
        if entry.get("state") == "done" and not whole:
            return None
        return entry if entry.get("state") in ("done", "failed") else None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """The folder for one batch at a time. Raises InputError where another one is at work there."""
    try:
        import fcntl
    except ImportError:  # Windows: nothing is torn there either, but work may be done twice
        yield
        return
    with open(folder / LOCK, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                f"{folder}: another batch is at work here; wait for it or choose another folder."
            ) from error
        yield
