"""A .zip of many files that a user sends: those of known names and suffixes, under names made here."""

import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from minimand.app.out import UNPACKED, Out, Source
from minimand.io import InputError
from minimand.io.errors import reading

MOST_FILES = 500
MOST_BYTES = 2**30  # that all files together may unpack to
CHUNK = 2**20


def unpack(source: Source, out: Out, suffixes: Iterable[str]) -> Path:
    """The files of an archive that end in one of `suffixes`, in the folders they lie in, at most two deep.

    Everything else is left where it is, and no path leads out of the folder. Raises InputError for what is no archive,
    holds no such file, or too many or too large ones.
    """
    folder = out.folder / UNPACKED
    left, found = MOST_BYTES, 0
    with reading(source.path, ".zip"), zipfile.ZipFile(source.path) as archive:
        for entry in archive.infolist():
            place = safe(entry.filename)
            if entry.is_dir() or place is None or not place.name.lower().endswith(tuple(suffixes)):
                continue
            found += 1
            if found > MOST_FILES:
                raise InputError(f"{source.path}: holds more than {MOST_FILES} files; use the command line.")
            target = folder / place
            if target.exists():
                raise InputError(f"{source.path}: holds two files named {place}.")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as packed, target.open("xb") as file:
                while chunk := packed.read(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise InputError(f"{source.path}: unpacks to more than {MOST_BYTES / 2**30:g} GiB.")
                    file.write(chunk)
    if not found:
        raise InputError(f"{source.path}: holds no file of these kinds: {' '.join(suffixes)}.")
    return folder


def safe(name: str) -> PurePosixPath | None:
    """A name in an archive as its last folder and file, of harmless characters; None for what is hidden."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    if not parts or any(part.startswith((".", "__MACOSX")) for part in parts):
        return None
    return PurePosixPath(*("".join(c if c.isalnum() or c in "._-+ " else "_" for c in p)[-100:] for p in parts[-2:]))
