"""The tab for shapes: one is looked for among others, and all are coloured by a descriptor of their points."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import torch

from minimand.app.archive import unpack
from minimand.app.downloads import files_of, record_of
from minimand.app.out import Out, Source
from minimand.app.solids import solid
from minimand.io import InputError, record_path, write_record, write_text_atomic
from minimand.io.meshes import MESHES, Mesh, read_mesh
from minimand.systems.shapes.collection import Entry, read_collection
from minimand.systems.shapes.descriptors import heat_kernel_signature, wave_kernel_signature
from minimand.systems.shapes.laplacian import Eigenpairs, eigenpairs, spectrum_of
from minimand.systems.shapes.made import made_collection, made_query
from minimand.systems.shapes.methods import Method, get_method
from minimand.systems.shapes.surface import surface_of

MOST = 500  # shapes of a collection
COLUMNS = 12  # of a descriptor that can be looked at
CUT = 0.01  # share of the vertices at either end that has the last colour


class Described(NamedTuple):
    """A shape: its surface, the spectrum of that, and the vector by which shapes are compared."""

    surface: Mesh
    pairs: Eigenpairs
    vector: torch.Tensor


COLOURS: Mapping[str, Callable[[Eigenpairs], np.ndarray]] = {
    "wks": partial(wave_kernel_signature, columns=COLUMNS),
    "hks": partial(heat_kernel_signature, columns=COLUMNS),
    "eigenfunctions": lambda pairs: np.abs(pairs.functions[:, :COLUMNS]),
}


def run(options: Mapping[str, Any], source: Source | None, out: Out) -> None:
    """Do what the form says. Raises InputError for a file that is no shape, and a collection without any."""
    method, _ = get_method(options["method"])
    colours = COLOURS[options["descriptor"]]
    out.progress(0, 1, "the shape to look for")
    name = source.name if source else "a worm"
    asked = _described(read_mesh(source.path) if source else made_query(), name, method, out)
    out.solids(COLUMNS, [_shown(out, colours, name, asked, note="looked for")])
    entries = _collection(source, out)
    best: list[tuple[float, int, Described]] = []
    used = 0
    for k, entry in enumerate(entries):
        out.progress(k, len(entries), entry.name)
        try:
            shape = _described(entry.read(), entry.name, method, out)
        except InputError as error:
            out.note(f"left out: {' '.join(str(error).split())}")
            continue
        used += 1
        far = float(torch.linalg.vector_norm(shape.vector - asked.vector))
        best = sorted([*best, (far, k, shape)], key=itemgetter(0))[: options["top"]]
    if not best:
        raise InputError("none of the shapes of the collection can be used; the notes say why.")
    ranked = [(entries[k], far) for far, k, _ in best]
    for rank, (far, k, shape) in enumerate(best, 1):
        note = f"{rank}. distance {far:.3g}" + (f", {entries[k].label}" if entries[k].label else "")
        out.solids(COLUMNS, [_shown(out, colours, entries[k].name, shape, note=note)])
    download = _download(options, source, name, ranked, out)
    facts = [("looked for", f"{name}, {len(asked.surface.vertices)} vertices"), ("among", f"{used} shapes"),
             ("method", options["method"])]  # fmt: skip
    out.done(facts, [download])


def _described(mesh: Mesh, name: str, method: Method, out: Out) -> Described:
    """A mesh as a surface, its spectrum and its vector; what was done to it is said. Nothing is kept on disk.

    Raises InputError where it has none.
    """
    surface = surface_of(mesh, name)
    for text in surface.notes:
        out.note(f"{name}: {text}")
    with spectrum_of(name):
        pairs = eigenpairs(surface.vertices, surface.faces)
    return Described(surface, pairs, method(pairs).float())


def _shown(
    out: Out, colours: Callable[[Eigenpairs], np.ndarray], name: str, shape: Described, *, note: str
) -> dict[str, Any]:
    """A surface for the page; every column of its colours cut at its extremes."""
    columns = colours(shape.pairs)
    low, high = np.quantile(columns, [CUT, 1 - CUT], axis=0)
    return solid(out, name, shape.surface, np.clip(columns, low, high), note=note)


def _collection(source: Source | None, out: Out) -> list[Entry]:
    """The shapes to look among: those that came, or made ones. Raises InputError where there are too many."""
    if source is None or source.beside is None:
        return made_collection()
    beside = source.beside
    folder = beside.path if beside.path.suffix == ".npz" else unpack(beside, out, MESHES)
    entries = read_collection(folder)
    if len(entries) > MOST:
        raise InputError(f"{beside.path}: holds {len(entries)} shapes, at most {MOST} here; use minimand retrieve.")
    return entries


def _download(
    options: Mapping[str, Any], source: Source | None, name: str, ranked: list[tuple[Entry, float]], out: Out
) -> dict[str, str]:
    """The list with its record."""
    results = [
        {"rank": rank, "file": entry.name, "class": entry.label, "distance": far}
        for rank, (entry, far) in enumerate(ranked, 1)
    ]
    path = out.folder / "found.json"
    write_text_atomic(path, json.dumps({"query": name, "results": results}, indent=2))
    write_record(path, {**record_of(options, files_of(source), source, ""), "output": {"file": path.name}})
    return out.archive("what was found, with its record", [path, record_path(path)])
