"""The index of a collection: the vector of every shape, computed once and again where a file has changed."""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.io import InputError, atomic_writer
from minimand.io.cache import cache_folder
from minimand.io.meshes import Mesh
from minimand.systems.shapes.cache import VERSION, cached_eigenpairs
from minimand.systems.shapes.collection import Entry
from minimand.systems.shapes.laplacian import eigenpairs, spectrum_of
from minimand.systems.shapes.methods import Method
from minimand.systems.shapes.surface import surface_of
from minimand.systems.shapes.views import directions, seen_from

Show = Callable[[str, int], None]


@dataclass
class Index:
    """vectors: (shapes, numbers), a row for each of `entries`. failed: what was wrong with the shapes left out; notes:
    what was done to surfaces now, both as lines; fresh: how many were computed now.
    """

    entries: list[Entry]
    vectors: Float[Tensor, "shapes numbers"]
    failed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fresh: int = 0


def describe(
    mesh: Mesh, name: str | Path, method: Method, views: int = 0
) -> tuple[Float[Tensor, " numbers"], tuple[str, ...]]:
    """The vector of a mesh as it was read, and what was done to it. Raises InputError where it is no surface, or one
    whose spectrum is not found.

    views: 0 for the vector of the whole; else those of so many views from all around, one after the other.
    """
    surface = surface_of(mesh, name)
    with spectrum_of(name):
        if not views:
            return method(cached_eigenpairs(surface)).float(), surface.notes
        parts = [part for direction in directions(views) if len((part := seen_from(surface, direction)).faces)]
        found = [method(eigenpairs(*surface_of(part, name)[:2])).float() for part in parts or [surface]]
    return torch.cat([found[k % len(found)] for k in range(views)]), surface.notes


def indexed(
    source: Path,
    entries: Sequence[Entry],
    label: str,
    method: Method,
    show: Show = lambda name, k: None,
    views: int = 0,
) -> Index:
    """The index of a collection by one method, read from the cache and brought up to date.

    label: of the method and its weights: another one has another index. A shape that cannot be used is left out, and
    said to be every time. views: as in `describe`.
    """
    file = cache_folder() / "indices" / f"{_name(source, f'{label} {views}')}.safetensors"
    known = _load(file)
    rows: list[tuple[Entry, Tensor]] = []
    index = Index([], torch.zeros(0, 0))
    table: dict[str, tuple[str, Tensor | str]] = {}
    for k, entry in enumerate(entries):
        show(entry.name, k)
        state, found = known.get(entry.name, ("", ""))
        if state != entry.state:
            index.fresh += 1
            try:
                found, notes = describe(entry.read(), entry.name, method, views)
                index.notes += [f"{entry.name}: {note}" for note in notes]
            except InputError as error:
                found = str(error)
        table[entry.name] = (entry.state, found)
        if isinstance(found, Tensor):
            rows.append((entry, found))
        else:
            index.failed.append(found)
    if not rows:
        raise InputError(f"{source}: none of {len(entries)} shapes can be used; the first: {index.failed[0]}")
    index.entries, index.vectors = [entry for entry, _ in rows], torch.stack([vector for _, vector in rows])
    if index.fresh or len(table) != len(known):
        with suppress(OSError, InputError):  # without a cache all is computed anew
            _save(file, table)
    return index


def _name(source: Path, label: str) -> str:
    return hashlib.sha256(f"{VERSION} {label} {source.resolve()}".encode()).hexdigest()[:32]


def _load(file: Path) -> dict[str, tuple[str, Tensor | str]]:
    """State and vector, or what was wrong, by name; nothing where there is no index or it is damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(file), framework="pt") as stored:
            names = json.loads((stored.metadata() or {})["shapes"])
            vectors = stored.get_tensor("vectors")
            found = {name: (state, vectors[row] if wrong is None else str(wrong)) for name, state, row, wrong in names}
            return found if bool(torch.isfinite(vectors).all()) else {}
    except (OSError, SafetensorError, KeyError, ValueError, TypeError, IndexError):
        return {}


def _save(file: Path, table: dict[str, tuple[str, Tensor | str]]) -> None:
    from safetensors.torch import save

    vectors, shapes = list[Tensor](), []
    for name, (state, found) in table.items():
        good = isinstance(found, Tensor)
        shapes.append([name, state, len(vectors) if good else None, None if good else found])
        if isinstance(found, Tensor):
            vectors.append(found)
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_writer(file, force=True) as stream:
        stream.write(save({"vectors": torch.stack(vectors)}, {"shapes": json.dumps(shapes)}))
