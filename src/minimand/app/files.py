"""Files that users send: under names made here, of known formats, up to a size, at a pace."""

import asyncio
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

from minimand.app.limits import Limits
from minimand.io import InputError

SHOWN = 80  # characters of a user's name for a file


class TooLarge(ValueError):
    """A file beyond the cap."""


class TooSlow(ValueError):
    """A sender that is silent, or slower than the pace."""


@dataclass(frozen=True)
class Received:
    """A file at `path`; name: what the user calls it, for showing only."""

    id: str
    name: str
    path: Path
    size: int


class Files:
    """The files received, in a folder of this server."""

    def __init__(self, folder: Path, limits: Limits):
        self.folder, self.limits = folder, limits
        self.known: dict[str, Received] = {}

    async def receive(self, name: str, accepts: Iterable[str], chunks: AsyncIterator[bytes]) -> Received:
        """Write a file as it comes. Raises InputError for another format, TooLarge, TooSlow; then nothing is left."""
        shown = re.sub(r"[^\w.,()+\- ]", "_", re.split(r"[\\/]", name)[-1])[-SHOWN:] or "file"
        suffix = next((s for s in sorted(accepts, key=len, reverse=True) if shown.lower().endswith(s)), None)
        if suffix is None:
            raise InputError(f"{shown}: the formats are {' '.join(accepts)}.")
        key = secrets.token_hex(8)
        path = self.folder / f"{key}{suffix}"
        try:
            size = await self._write(path, shown, chunks)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if size == 0:
            path.unlink()
            raise InputError(f"{shown}: is empty.")
        self.known[key] = Received(key, shown, path, size)
        self._make_room(key)
        return self.known[key]

    def remove(self, key: str) -> None:
        """Forget a file."""
        self.known.pop(key).path.unlink(missing_ok=True)

    async def _write(self, path: Path, shown: str, chunks: AsyncIterator[bytes]) -> int:
        limits, size, begun = self.limits, 0, time.monotonic()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while True:
                try:
                    chunk = await asyncio.wait_for(anext(chunks, None), limits.patience)
                except TimeoutError:
                    raise TooSlow(f"{shown}: nothing came for {limits.patience:g} s.") from None
                if chunk is None:
                    return size
                size += len(chunk)
                if size > limits.upload:
                    raise TooLarge(f"{shown}: files may have {limits.upload / 2**20:g} MiB here; use the command line.")
                if size < limits.pace * (time.monotonic() - begun - limits.patience):
                    raise TooSlow(f"{shown}: came slower than {limits.pace / 1024:g} KiB a second.")
                file.write(chunk)

    def _make_room(self, newest: str) -> None:
        """Drop the oldest files beyond what all may take."""
        for key in [k for k in self.known if k != newest]:
            if sum(f.size for f in self.known.values()) <= self.limits.uploads:
                return
            self.remove(key)
