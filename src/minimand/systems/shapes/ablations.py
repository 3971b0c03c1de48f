"""What each part of ST-Net is worth: the same table without it, or with less of it, and on worse meshes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minimand.io import InputError
from minimand.io.meshes import Mesh
from minimand.systems.shapes.cache import cached_eigenpairs
from minimand.systems.shapes.collection import read_collection
from minimand.systems.shapes.laplacian import Eigenpairs
from minimand.systems.shapes.metric import contrastive, large_margin, triplet
from minimand.systems.shapes.network import (
    COLUMNS,
    VECTOR,
    Fixed,
    Mixture,
    columns_of,
    first_order,
    log_euclidean,
    moments,
    power,
)
from minimand.systems.shapes.spd import second_order_max, vectorise
from minimand.systems.shapes.surface import surface_of, triangle_areas
from minimand.systems.shapes.tables import SOURCE, TABLES, Show, learned, poses, table_row
from minimand.systems.shapes.training import Loss, Shapes, figures

SET, SEEDS = "bodies_hard_dev", 3
PAIRS = (25, 50)  # eigenpairs in place of 100
THINNED = (2, 4)  # one column in so many
NOISES = (0.005, 0.01)  # standard deviation of what is added to vertices, in roots of the area
CELLS = (48, 32)  # along the longest side; vertices within one become one

Head = Callable[[], Fixed | Mixture]
HEADS: dict[str, tuple[Head, Loss]] = {
    "st-net": (Mixture, triplet),
    "first-order + metric": (lambda: Fixed(first_order, COLUMNS), triplet),
    "second-order + metric": (lambda: Fixed(partial(power, beta=1.0), VECTOR), triplet),
    "square root + metric": (lambda: Fixed(partial(power, beta=0.5), VECTOR), triplet),
    "logarithm + metric": (lambda: Fixed(log_euclidean, VECTOR), triplet),
    "st-net, contrastive loss": (Mixture, contrastive),
    "st-net, large-margin loss": (Mixture, large_margin),
}


def ablation_table(data: Path, show: Show = lambda label, k, n: None) -> dict[str, Any]:
    """Means and standard deviations over 3 seeds of pose40 on one set, percent.

    Networks learn from the shapes as they are; in the last rows what they are asked for, and what they search in, has
    noise or fewer vertices. Raises InputError where the set is not at hand.
    """
    file = data / "shapes" / f"{SET}.npz"
    if not file.is_file():
        raise InputError(f"{file}: the shapes are not there; name the folder that holds shapes/ with --data.")
    entries = read_collection(file)
    names = sorted({str(entry.label) for entry in entries})
    labels = torch.tensor([names.index(str(entry.label)) for entry in entries])
    meshes = [surface_of(entry.read(), entry.name) for entry in entries]
    show("spectra", 1, 3)
    spectra = [cached_eigenpairs(mesh) for mesh in meshes]
    M = torch.stack([moments(pairs) for pairs in spectra])
    show("parts", 2, 3)
    rows = [_row(name, M, M, labels, head, loss) for name, (head, loss) in HEADS.items()]
    largest = torch.stack([maxima(pairs) for pairs in spectra])
    rows.append(_row("SO-Max + metric", largest, largest, labels, lambda: Fixed(vectorise, VECTOR), triplet))
    for step in THINNED:
        some = M[:, thinned(step)][:, :, thinned(step)]
        head = partial(Mixture, some.shape[1] - 1)
        rows.append(_row(f"{some.shape[1] - 1} columns", some, some, labels, head, triplet))
    for count in PAIRS:
        some = torch.stack([moments(fewer(pairs, count)) for pairs in spectra])
        rows.append(_row(f"{count} eigenpairs", some, some, labels, Mixture, triplet))
    show("worse meshes", 3, 3)
    worse = {f"noise of {100 * share:g} % of the root of the area": partial(noisy, share=share) for share in NOISES}
    worse |= {f"vertices joined on a grid of {cells}": partial(joined, cells=cells) for cells in CELLS}
    for name, change in worse.items():
        changed = [surface_of(change(mesh), name) for mesh in meshes]
        label = f"{name}, {np.mean([len(mesh.vertices) for mesh in changed]):.0f} vertices"
        asked = torch.stack([moments(cached_eigenpairs(mesh)) for mesh in changed])
        rows.append(_row(label, M, asked, labels, Mixture, triplet))
    return {"table": TABLES[2], "source": SOURCE, "on": SET, "seeds": SEEDS, "rows": rows}


def _row(name: str, M: Tensor, asked: Tensor, labels: Tensor, head: Head, loss: Loss) -> dict[str, Any]:
    """Learn from `M`, 40 % of each class, and look for the others among themselves in `asked`."""
    trials = []
    for seed in range(SEEDS):
        train: Bool[Tensor, " shapes"] = poses(labels, seed)
        known = Shapes(M[train], torch.randn(int(train.sum()), 2), labels[train])  # others are not looked at
        net = learned(known, head(), loss, seed)
        trials.append(figures(net(asked[~train]).detach(), labels[~train]))
    return table_row(name, SET, "pose40", torch.stack(trials))


def maxima(pairs: Eigenpairs) -> Float[Tensor, "49 49"]:
    """SO-Max of the columns less their area means: what is standardised later is a linear map of it."""
    columns, areas = columns_of(pairs), torch.from_numpy(pairs.areas)
    means = areas @ columns
    means[-1] = 0
    return second_order_max(columns - means)


def thinned(step: int) -> list[int]:
    """Every step-th column and the constant."""
    return [*range(0, COLUMNS, step), COLUMNS]


def fewer(pairs: Eigenpairs, count: int) -> Eigenpairs:
    """The first `count` eigenpairs."""
    return pairs._replace(values=pairs.values[:count], functions=pairs.functions[:, :count])


def noisy(mesh: Mesh, share: float) -> Mesh:
    """A mesh with normal noise in its vertices, of so many roots of the area, the same at every call."""
    scale = share * np.sqrt(triangle_areas(mesh.vertices, mesh.faces).sum())
    noise = np.random.default_rng(len(mesh.vertices)).standard_normal(mesh.vertices.shape)
    return Mesh(mesh.vertices + scale * noise, mesh.faces)


def joined(mesh: Mesh, cells: int) -> Mesh:
    """A mesh of fewer vertices: those in one cell of a grid become their mean; triangles may become none.

    cells: along the longest side. Source: Rossignac and Borrel (1993).
    """
    low, high = mesh.vertices.min(0), mesh.vertices.max(0)
    place = ((mesh.vertices - low) / ((high - low).max() / cells)).astype(np.int64)
    _, where, count = np.unique(place, axis=0, return_inverse=True, return_counts=True)
    where = where.reshape(-1)
    sums = np.stack([np.bincount(where, mesh.vertices[:, k]) for k in range(3)], axis=1)
    return Mesh(sums / count[:, None], where[mesh.faces])
