"""The Laplace-Beltrami operator of a triangle mesh, and its first eigenpairs: L phi = lambda A phi."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from jaxtyping import Float, Int
from scipy.linalg import eigh
from scipy.sparse.linalg import splu

from minimand.io import InputError
from minimand.systems.shapes.surface import edges_of
from minimand.systems.shapes.tufted import corner_cotangents, delaunay, heron, tufted_cover

PAIRS = 100  # the usual number
SHIFT = 1e-2  # added to the spectrum so that L + SHIFT A can be factored; eigenvalues at unit area are 4 pi and more
MOLLIFY = 1e-5  # of the mean edge length: by how much each triangle inequality is to hold
DENSE = 500  # vertices below which all pairs are computed at once
BLOCK = 8  # vectors that are taken through the factors together
TOLERANCE = 1e-9  # of an eigenpair of the inverse, relative

Vertices = Float[np.ndarray, "vertices 3"]
Faces = Int[np.ndarray, "faces 3"]
Operators = tuple[sparse.csc_matrix, Float[np.ndarray, " vertices"]]


class Eigenpairs(NamedTuple):
    """values: lambda_k, ascending, without the first, which is 0, (pairs,). functions: phi_k with Phi^T A Phi = I,
    (vertices, pairs). areas: the lumped mass a, which sums to 1, (vertices,). area: of the surface in its own units.
    """

    values: Float[np.ndarray, " pairs"]
    functions: Float[np.ndarray, "vertices pairs"]
    areas: Float[np.ndarray, " vertices"]
    area: float


def cotangent_laplacian(vertices: Vertices, faces: Faces) -> Operators:
    """Stiffness L, positive semi-definite, and lumped mass a: a third of the area of the triangles at each vertex.

    L_ij = -(cot alpha_ij + cot beta_ij) / 2, summed over triangles, so that edges of any number of faces are taken.
    Edges are made longer by one length where a triangle is nearly flat or has no area at all (Sharp and Crane 2020,
    sec. 4.5), so that every cotangent is finite. Source: Pinkall and Polthier (1993).
    """
    return _assembled(faces, mollified(_side_lengths(vertices, faces)), len(vertices))


def robust_laplacian(vertices: Vertices, faces: Faces) -> Operators:
    """The same of the Delaunay triangulation of the tufted cover, halved: no weight is negative, whatever the mesh.

    Where the mesh is sound and Delaunay it is `cotangent_laplacian`. Source: Sharp and Crane (2020), sec. 4.
    """
    lengths = mollified(_side_lengths(vertices, faces))
    cover, glue = tufted_cover(faces)
    flipped, lengths = delaunay(cover, np.concatenate([lengths, lengths[:, [0, 2, 1]]]), glue)
    stiffness, mass = _assembled(flipped, lengths, len(vertices))
    return stiffness / 2, mass / 2


def laplacian(vertices: Vertices, faces: Faces) -> Operators:
    """`robust_laplacian` where an edge has more than two triangles, else `cotangent_laplacian`."""
    return (robust_laplacian if (edges_of(faces)[2] > 2).any() else cotangent_laplacian)(vertices, faces)


def _side_lengths(vertices: Vertices, faces: Faces) -> Float[np.ndarray, "faces 3"]:
    """Between corners 0 and 1, 1 and 2, 2 and 0."""
    corners = vertices[faces]
    lengths: Float[np.ndarray, "faces 3"] = np.linalg.norm(corners - corners[:, [1, 2, 0]], axis=2)
    return lengths


def _assembled(faces: Faces, lengths: Float[np.ndarray, "faces 3"], n: int) -> Operators:
    """Stiffness and mass of n vertices by the sides of the triangles alone."""
    half = corner_cotangents(lengths) / 2
    i, j = faces[:, [1, 2, 0]].ravel(), faces[:, [2, 0, 1]].ravel()
    weights = sparse.coo_matrix((half.ravel(), (i, j)), shape=(n, n))
    weights = (weights + weights.T).tocsc()
    stiffness = sparse.diags(np.asarray(weights.sum(1)).ravel()) - weights
    return stiffness.tocsc(), np.bincount(faces.ravel(), np.repeat(heron(lengths) / 3, 3), minlength=n)


def mollified(lengths: Float[np.ndarray, "faces 3"]) -> Float[np.ndarray, "faces 3"]:
    """Edge lengths with one number added, the least with which each triangle inequality holds with a margin."""
    excess = lengths.sum(1) - 2 * lengths.max(1)  # sum of the short ones minus the long one
    return lengths + max(0.0, float((MOLLIFY * lengths.mean() - excess).max()))


def eigenpairs(vertices: Vertices, faces: Faces, pairs: int = PAIRS) -> Eigenpairs:
    """The first eigenpairs after the constant one, the surface scaled to unit area; in double precision.

    Shift-invert Lanczos, the start fixed, so that the same mesh gives the same numbers. Signs, and rotations within
    equal eigenvalues, are arbitrary. Raises ValueError for fewer than pairs + 2 vertices.
    """
    if len(vertices) < pairs + 2:
        raise ValueError(f"{pairs} eigenpairs need at least {pairs + 2} vertices, got {len(vertices)}.")
    stiffness, mass = laplacian(vertices, faces)
    area = float(mass.sum())
    areas = mass / area
    root = 1 / np.sqrt(areas)
    symmetric = sparse.diags(root) @ stiffness @ sparse.diags(root)
    if len(vertices) < DENSE:
        values, vectors = eigh(symmetric.toarray(), subset_by_index=(0, pairs))
    else:
        values, vectors = _shift_invert(symmetric.tocsc(), pairs + 1)
    order = np.argsort(values)[1:]
    return Eigenpairs(np.maximum(values[order], 0), root[:, None] * vectors[:, order], areas, area)


@contextmanager
def spectrum_of(name: str | Path) -> Iterator[None]:
    """Raise InputError with the name of the shape where its spectrum is not found in the block."""
    try:
        yield
    except ArithmeticError as error:
        raise InputError(f"{name}: {error}") from error


def _shift_invert(symmetric: sparse.csc_matrix, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The smallest eigenpairs of a positive semi-definite matrix: the largest of (matrix + SHIFT)^-1."""
    shifted = symmetric + SHIFT * sparse.identity(symmetric.shape[0], format="csc")
    factor = splu(
        shifted, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )  # pivots on the diagonal: the matrix is positive definite
    found, vectors = block_lanczos(factor.solve, symmetric.shape[0], count)
    return 1 / found - SHIFT, vectors


def block_lanczos(
    apply: Callable[[Float[np.ndarray, "size block"]], Float[np.ndarray, "size block"]], size: int, count: int
) -> tuple[Float[np.ndarray, " count"], Float[np.ndarray, "size count"]]:
    """The largest eigenvalues of a symmetric matrix and their vectors, by what it does to BLOCK vectors at once.

    Every new block is made orthogonal to the last two, as the recurrence has it, and then, for what rounding left, to
    all before, so that nothing is found again: matrix products, where one vector at a time (ARPACK) takes as long to
    read the basis for each. Raises ArithmeticError where it does not settle.
    Source: Golub and Underwood (1977); residuals as in Saad (2011), sec. 6.3.
    """
    limit = min(size // BLOCK, 12 * count // BLOCK + 4)
    basis = np.empty((size, limit * BLOCK), order="F")
    projected = np.zeros((limit * BLOCK, limit * BLOCK))
    block = np.linalg.qr(np.random.default_rng(0).standard_normal((size, BLOCK)))[0]
    for k in range(limit):
        here, known = slice(k * BLOCK, (k + 1) * BLOCK), (k + 1) * BLOCK
        basis[:, here] = block
        image = apply(np.asfortranarray(block))
        for before in (slice(max(0, k - 1) * BLOCK, known), slice(0, known)):
            inside = basis[:, before].T @ image
            image = image - basis[:, before] @ inside
            projected[before, here] += inside
        block, rest = np.linalg.qr(image)
        if known < 2 * count or (k % 3 and k < limit - 1):
            continue
        values, mixtures = np.linalg.eigh(np.triu(projected[:known, :known]), UPLO="U")
        values, mixtures = values[-count:], mixtures[:, -count:]
        if bool((np.linalg.norm(rest @ mixtures[here], axis=0) <= TOLERANCE * values).all()):
            return values, basis[:, :known] @ mixtures
    raise ArithmeticError(f"{count} eigenpairs were not found in {limit} blocks of {BLOCK} vectors.")
