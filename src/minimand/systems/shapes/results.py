"""What a query finds: the ranked list, its contact sheet and its page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor

from minimand.io import atomic_writer, ensure_folder_for_report, write_text_atomic
from minimand.io.meshes import Mesh, read_mesh
from minimand.reports.html import Facts, Gallery, Picture, Section, Text, render
from minimand.systems.shapes.collection import Entry
from minimand.systems.shapes.index import Index, describe
from minimand.systems.shapes.methods import Method
from minimand.systems.shapes.pictures import shape_png, sheet_png
from minimand.systems.shapes.search import nearest
from minimand.systems.shapes.surface import surface_of

EXPLAINED = (
    "The nearest first. Distances are between descriptors, which do not change when a shape is turned, moved, made "
    "larger or bent: 0 is the same shape, and those of two methods cannot be compared."
)


@dataclass(frozen=True)
class Hit:
    """One result; rank counts from 1, distance is in the units of the method."""

    rank: int
    entry: Entry
    distance: float


@dataclass(frozen=True)
class Found:
    """The results of one query among so many shapes, nearest first; notes: lines for the user."""

    query: Path
    method: str
    shapes: int
    hits: list[Hit]
    notes: list[str]

    def as_json(self) -> dict[str, Any]:
        """Query, method and results, ready for JSON."""
        results = [
            {"rank": h.rank, "file": h.entry.name, "class": h.entry.label, "distance": h.distance} for h in self.hits
        ]
        return {"query": str(self.query), "method": self.method, "shapes": self.shapes, "results": results}


@dataclass(frozen=True)
class Query:
    """A shape to look for, by its vector; notes: lines for the user."""

    path: Path
    vector: Float[Tensor, " numbers"]
    notes: list[str]


def read_query(path: Path, method: Method) -> Query:
    """The vector of the shape in a file. Raises InputError where it cannot be read or is no surface."""
    vector, notes = describe(read_mesh(path), path, method)
    return Query(path, vector, [f"{path}: {text}" for text in notes])


def found_by(query: Query, index: Index, method: str, top: int) -> Found:
    """The `top` shapes of an index that are most like the query; its own file, if it is there, is left out."""
    said = list(query.notes)
    itself = [k for k, entry in enumerate(index.entries) if entry.path == query.path.resolve()]
    if itself:
        said.append(f"{query.path}: is in the collection; it is left out of its own list")
    ranked = [pair for pair in nearest(query.vector, index.vectors, top + len(itself)) if pair[0] not in itself][:top]
    hits = [Hit(rank, index.entries[k], distance) for rank, (k, distance) in enumerate(ranked, 1)]
    return Found(query.path, method, len(index.entries), hits, said)


def write_sheet(path: Path, found: Found, *, force: bool = False) -> None:
    """A contact sheet of the query and its results. Raises InputError as `check_output` does."""
    titles = [f"query: {found.query.name}", *(_title(hit, "\n") for hit in found.hits)]
    with atomic_writer(path, force) as file:
        file.write(sheet_png(_meshes(found), titles))


def write_report(folder: Path, found: Found, *, force: bool = False) -> Path:
    """index.html in `folder`, nothing but it needed to look at it. Raises InputError as `check_folder` does."""
    folder = ensure_folder_for_report(folder, force)
    first, *rest = (shape_png(mesh) for mesh in _meshes(found))
    facts = Facts([("method", found.method), ("shapes in the collection", str(found.shapes))])
    notes = [Text(text) for text in found.notes]
    columns = [[Picture(_title(hit), png, hit.entry.name)] for hit, png in zip(found.hits, rest, strict=True)]
    sections = [
        Section("Query", [Picture(found.query.name, first, "the query", width=14.0), facts, *notes]),
        Section("Most like it", [Text(EXPLAINED), Gallery(columns, width=9.0, small=True)]),
    ]
    write_text_atomic(folder / "index.html", render("Shapes found", sections, subtitle=found.query.name), force)
    return folder / "index.html"


def _title(hit: Hit, between: str = ", ") -> str:
    return f"{hit.rank}. {hit.entry.name}{between}distance {hit.distance:.3g}"


def _meshes(found: Found) -> list[Mesh]:
    shapes = [(read_mesh(found.query), str(found.query)), *((h.entry.read(), h.entry.name) for h in found.hits)]
    return [surface_of(mesh, name) for mesh, name in shapes]
