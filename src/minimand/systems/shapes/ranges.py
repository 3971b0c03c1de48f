"""The table of scans from one side: parts of surfaces ask for whole ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minimand.io import InputError
from minimand.metrics import leave_one_out, retrieval
from minimand.systems.shapes.cache import cached_eigenpairs
from minimand.systems.shapes.collection import read_collection
from minimand.systems.shapes.metric import triplet
from minimand.systems.shapes.network import Mixture, log_moments
from minimand.systems.shapes.partial import found_wholes, moved, scan_vector
from minimand.systems.shapes.search import view_distances
from minimand.systems.shapes.surface import surface_of
from minimand.systems.shapes.tables import SEEDS, TABLES, learned, poses, table_row
from minimand.systems.shapes.training import Shapes
from minimand.systems.shapes.views import VIEWS, roots, view_moments

SETS = ("bodies_hard_dev", "mcgill_dev")

Show = Callable[[str, int, int], None]


class Scans(NamedTuple):
    """A set of whole shapes and of scans of the same shapes. seen: vectors of scans in units of their wholes; wholes:
    those of the wholes; M: moments of the scans; views: of views of the wholes.
    """

    labels: Int[Tensor, " shapes"]
    seen: Float[Tensor, "shapes numbers"]
    wholes: Float[Tensor, "shapes numbers"]
    M: Float[Tensor, "shapes d d"]
    views: Float[Tensor, "shapes views d d"]


def range_table(data: Path, show: Show = lambda label, k, n: None) -> dict[str, Any]:
    """Figures in percent of scans that ask all whole shapes but their own; and means and deviations of 5 seeds where
    40 % of the poses are learned from and scans of the others ask these. Raises InputError where a set is not at hand.
    """
    found = {}
    for k, name in enumerate(SETS, 1):
        files = [data / "shapes" / f"{name}.npz", data / "shapes" / f"{name}_range.npz"]
        if missing := [file for file in files if not file.is_file()]:
            raise InputError(f"{missing[0]}: is not there; name the folder that holds shapes/ with --data.")
        show(f"{name}, from one side", k, len(SETS))
        found[name] = read_scans(*files)
    rows = []
    for name, scans in found.items():
        bodies = found[SETS[0]]
        unlearned = {
            "wks, in units of the whole": found_wholes(scans.seen, scans.wholes, scans.labels),
            "the same, moved as bodies": found_wholes(
                moved(scans.seen, bodies.seen, bodies.wholes), scans.wholes, scans.labels
            ),
            f"log-wks, {VIEWS} views": among_views(roots(scans.M), roots(scans.views), scans.labels),
        }
        rows += [table_row(method, name, "range", figures[None]) for method, figures in unlearned.items()]
        trials = [_trial(scans, poses(scans.labels, seed), seed) for seed in range(SEEDS)]
        for method in trials[0]:
            rows.append(table_row(method, name, "range, pose40", torch.stack([trial[method] for trial in trials])))
    source = "nothing: the talk has no scans"
    return {"table": TABLES[1], "source": source, "on": ", ".join(SETS), "seeds": SEEDS, "rows": rows}


def read_scans(wholes: Path, parts: Path) -> Scans:
    """What the table needs of a set and of its scans, which come in the same order."""
    entries, scans = read_collection(wholes), read_collection(parts)
    names = sorted({str(entry.label) for entry in entries})
    meshes, seen = ([surface_of(e.read(), e.name) for e in some] for some in (entries, scans))
    spectra, others = ([cached_eigenpairs(mesh) for mesh in some] for some in (meshes, seen))
    areas = [pairs.area for pairs in spectra]
    return Scans(
        torch.tensor([names.index(str(entry.label)) for entry in entries]),
        torch.stack([scan_vector(*pair) for pair in zip(others, areas, strict=True)]),
        torch.stack([scan_vector(*pair) for pair in zip(spectra, areas, strict=True)]),
        torch.stack([log_moments(pairs) for pairs in others]),
        torch.stack([view_moments(mesh, VIEWS) for mesh in meshes]),
    )


def among_views(
    asked: Float[Tensor, "shapes numbers"], views: Float[Tensor, "shapes views numbers"], labels: Int[Tensor, " shapes"]
) -> Float[Tensor, "5"]:
    """Means of NN, first and second tier, E-measure and DCG: scans ask the nearest view of each shape but their own."""
    return torch.stack(retrieval(leave_one_out(view_distances(asked.double(), views.double()), labels))).mean(1)


def _trial(scans: Scans, train: Bool[Tensor, " shapes"], seed: int) -> dict[str, Float[Tensor, "5"]]:
    """Figures of the shapes that are not for training, without and with a network that learned views of the others."""
    labels, views = scans.labels[~train], scans.views[~train]
    known = scans.views[train].flatten(0, 1)
    names = scans.labels[train].repeat_interleave(scans.views.shape[1])
    net = learned(Shapes(known, torch.randn(len(known), 2), names), Mixture(), triplet, seed)
    with torch.no_grad():
        asked, there = net(scans.M[~train]), net(views.flatten(0, 1)).unflatten(0, views.shape[:2])
    return {
        f"log-wks, {VIEWS} views": among_views(roots(scans.M[~train]), roots(views), labels),
        f"st-net that learned views, {VIEWS} views": among_views(asked, there, labels),
    }
