"""Who is whom in two sets of points or on two surfaces: graph and hypergraph matching."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from minimand.energy import Energy
from minimand.io import InputError
from minimand.loops import solve
from minimand.step import Step
from minimand.steps import MeanField, PowerIteration
from minimand.systems.shapes.descriptors import wave_kernel_signature
from minimand.systems.shapes.laplacian import Eigenpairs
from minimand.terms import Assignment, PairAffinity, TripleAffinity

WIDTH, SINES = 0.1, 0.1  # of affinities: distances, in mean distances of the left set; sines of angles
MOST = {"matrix": 60, "mean-field": 60, "tensor": 40}  # points of the left set; the right has half as many more
ITERATIONS, TOLERANCE = 100, 1e-6


class Matching(NamedTuple):
    """right: for each left point its match. sure: weight of each match over the largest of its row, 0 to 1."""

    right: Int[Tensor, " left"]
    sure: Float[Tensor, " left"]


def match(
    left: Float[Tensor, "left d"],
    right: Float[Tensor, "right e"],
    method: str = "tensor",
    cost: Float[Tensor, "left right"] | None = None,
) -> Matching:
    """One-to-one matches of the left points with as many or more right ones.

    method: matrix (pairs: distances must agree), tensor (triples: angles must agree, whatever the scale) or mean-field
    (pairs and `cost`, as soft assignments). cost: what speaks against each match by itself, for mean-field alone.
    Raises InputError for an unknown method, sets of fewer than three points, more left than right, or too many points.
    """
    if method not in MOST:
        raise InputError(f"there is no method {method!r} to match by; there are {', '.join(MOST)}.")
    n, m = len(left), len(right)
    if n < 3 or n > m:
        raise InputError(f"matching needs 3 points or more on the left and as many on the right, got {n} and {m}.")
    if n > MOST[method] or m > 1.5 * MOST[method]:
        raise InputError(
            f"{method} matches {MOST[method]} points with {MOST[method] * 3 // 2} at most, got {n} and {m}; give fewer."
        )
    unit = torch.pdist(left.double()).mean()
    data = Assignment(
        left[None].double() / unit, right[None].double() / unit, None if cost is None else cost[None].double()
    )
    step, energy = problems(data)[method]
    with torch.no_grad():
        x = solve(step, energy, data.even(), max_iter=ITERATIONS, tol=TOLERANCE).x[0]
    rows, columns = linear_sum_assignment(-x.numpy())
    chosen = x[torch.from_numpy(rows), torch.from_numpy(columns)]
    return Matching(torch.from_numpy(columns), chosen / x.amax(1).clamp_min(1e-30))


def problems(data: Assignment) -> Mapping[str, tuple[Step, Energy]]:
    """Step and energy of each method."""
    return {
        "matrix": (PowerIteration(), data + PairAffinity(WIDTH)),
        "tensor": (PowerIteration(), data + TripleAffinity(SINES)),
        "mean-field": (MeanField(), data + PairAffinity(WIDTH)),
    }


class Landmarks(NamedTuple):
    """Points of a surface. vertices: which; places: where the spectrum puts them, phi_k / lambda_k, whose distances are
    biharmonic distances on the surface; looks: wave kernel signatures.
    """

    vertices: Int[Tensor, " points"]
    places: Float[Tensor, "points pairs"]
    looks: Float[Tensor, "points columns"]


def landmarks(pairs: Eigenpairs, count: int) -> Landmarks:
    """So many points far from one another in biharmonic distance, the first farthest from the middle.

    Source: Lipman, Rustamov, Funkhouser (2010), for the distance.
    """
    places = torch.from_numpy(pairs.functions / np.maximum(pairs.values, 1e-9))
    nearest = torch.linalg.vector_norm(places, dim=1)
    chosen: list[int] = []
    for _ in range(min(count, len(places))):
        chosen.append(int(nearest.argmax()))
        away = torch.linalg.vector_norm(places - places[chosen[-1]], dim=1)
        nearest = torch.minimum(nearest, away) if len(chosen) > 1 else away
    vertices = torch.tensor(chosen)
    looks = torch.from_numpy(wave_kernel_signature(pairs))[vertices]
    return Landmarks(vertices, places[vertices], looks)


def match_surfaces(left: Landmarks, right: Landmarks) -> Matching:
    """Landmarks of two surfaces by how alike they look and how far they lie from one another: mean field."""
    cost = torch.cdist(left.looks.log1p(), right.looks.log1p())
    return match(left.places, right.places, "mean-field", cost / cost.mean())
