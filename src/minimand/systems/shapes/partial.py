"""Scans from one side against whole surfaces: a part has other eigenvalues, so it is seen in units of the whole."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from minimand.metrics import leave_one_out, retrieval
from minimand.systems.shapes.descriptors import wave_kernel_signature
from minimand.systems.shapes.laplacian import Eigenpairs
from minimand.systems.shapes.network import FLOOR, power
from minimand.systems.shapes.spd import second_order

Vectors = Float[Tensor, "shapes numbers"]


def scan_vector(pairs: Eigenpairs, whole: float) -> Float[Tensor, " numbers"]:
    """Square root of the second moments of log(0.1 + WKS) and a constant.

    whole: area of the whole surface, in the squared units of the mesh; its own area for a whole one. Eigenvalues are
    those at a whole of unit area, so that a wavelength means the same on a part.
    """
    scaled = pairs._replace(values=pairs.values * whole / pairs.area)
    columns = np.pad(np.log(FLOOR + wave_kernel_signature(scaled)), ((0, 0), (0, 1)), constant_values=1.0)
    M = second_order(torch.from_numpy(columns), torch.from_numpy(pairs.areas))
    return power(M[None], 0.5)[0]


def moved(
    parts: Vectors, seen_parts: Float[Tensor, "seen numbers"], seen_wholes: Float[Tensor, "seen numbers"]
) -> Vectors:
    """Vectors of parts without what being a part does to all alike: the difference of the means of others, of which
    parts and wholes are known, classes are not.
    """
    return parts - seen_parts.mean(0) + seen_wholes.mean(0)


def found_wholes(parts: Vectors, wholes: Vectors, labels: Int[Tensor, " shapes"]) -> Float[Tensor, "5"]:
    """Means of NN, first and second tier, E-measure and DCG: each part asks all wholes but its own, of the same row."""
    return torch.stack(retrieval(leave_one_out(torch.cdist(parts, wholes), labels))).mean(1)
