"""Search in an indexed collection: what is nearest, and how well classes are found again."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.io import InputError
from minimand.metrics import leave_one_out, retrieval
from minimand.systems.shapes.index import Index


def nearest(
    vector: Float[Tensor, " numbers"], vectors: Float[Tensor, "shapes numbers"], top: int
) -> list[tuple[int, float]]:
    """Rows of the `top` nearest shapes and their distances, nearest first, ties in their order."""
    distances = torch.linalg.vector_norm(vectors - vector, dim=1)
    order = distances.argsort(stable=True)[:top]
    return [(int(k), float(distances[k])) for k in order]


def evaluate(index: Index) -> dict[str, Any]:
    """Leave-one-out figures in percent: nn, first_tier, second_tier, e_measure, dcg; means over the shapes of classes
    with two members or more. The rest is only there to be found.

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
    hits = leave_one_out(torch.cdist(index.vectors.double(), index.vectors.double()), numbers)[several]
    return {name: 100 * float(value.mean()) for name, value in retrieval(hits)._asdict().items()}


def ceiling(index: Index) -> float:
    """The most that the E-measure can be, in percent: each list has 32 results and C relevant ones."""
    labels = [entry.label for entry in index.entries]
    relevant = torch.tensor([labels.count(label) - 1 for label in labels], dtype=torch.float64)
    relevant = relevant[relevant > 0]
    return 100 * float((2 * relevant.clamp_max(32) / (relevant + 32)).mean())
