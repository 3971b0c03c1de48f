"""Search in an indexed collection: what is nearest, and how well classes are found again."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.io import InputError
from minimand.metrics import leave_one_out, retrieval
from minimand.systems.shapes.index import Index


def nearest(
    vector: Float[Tensor, " numbers"], vectors: Float[Tensor, "shapes several"], top: int
) -> list[tuple[int, float]]:
    """Rows of the `top` nearest shapes and their distances, nearest first, ties in their order.

    A row may hold the vectors of several views of its shape: the nearest counts.
    """
    views = vectors.reshape(len(vectors), -1, len(vector))
    distances = torch.linalg.vector_norm(views - vector, dim=2).amin(1)
    order = distances.argsort(stable=True)[:top]
    return [(int(k), float(distances[k])) for k in order]


def evaluate(index: Index, views: int = 0) -> dict[str, Any]:
    """Leave-one-out figures in percent: nn, first_tier, second_tier, e_measure, dcg; means over the shapes of classes
    with two members or more. The rest is only there to be found.

    views: of which the rows of the index consist, 0 for whole shapes; each view asks the other shapes.

    Raises InputError without classes or where no class has two.
    """
    labels = [entry.label for entry in index.entries]
    if None in labels:
        lone = next(entry.name for entry in index.entries if entry.label is None)
        raise InputError(f"{lone}: has no class; --evaluate needs every shape in a sub-folder named by its class.")
    classes = sorted(set(map(str, labels)))
    numbers = torch.tensor([classes.index(str(label)) for label in labels])
    several = numbers.bincount()[numbers] > 1
    if not bool(several.any()):
        raise InputError("--evaluate needs a class of two shapes or more; every one of these has its own.")
    found = index.vectors.double().reshape(len(labels), max(views, 1), -1)
    asked = [view_distances(found[:, k], found) for k in range(found.shape[1])]
    hits = torch.cat([leave_one_out(distances, numbers)[several] for distances in asked])
    return {name: 100 * float(value.mean()) for name, value in retrieval(hits)._asdict().items()}


def view_distances(
    asked: Float[Tensor, "queries numbers"], views: Float[Tensor, "shapes views numbers"]
) -> Float[Tensor, "queries shapes"]:
    """From each query to the nearest view of each shape."""
    return torch.cdist(asked, views.flatten(0, 1)).unflatten(1, views.shape[:2]).amin(2)


def ceiling(index: Index) -> float:
    """The most that the E-measure can be, in percent: each list has 32 results and C relevant ones."""
    labels = [entry.label for entry in index.entries]
    relevant = torch.tensor([labels.count(label) - 1 for label in labels], dtype=torch.float64)
    relevant = relevant[relevant > 0]
    return 100 * float((2 * relevant.clamp_max(32) / (relevant + 32)).mean())
