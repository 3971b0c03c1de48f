"""Dictionaries learned from examples: min over D and codes z_i of sum_i 1/2 ||D z_i - y_i||^2 + a penalty of z_i.

`energy_dictionary` has the l1 norm as its penalty and descends in the energy itself, batch by batch. `ksvd` codes each
example by as few atoms as reach a given error. Atoms have unit length.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.loops import solve
from minimand.operators import Matrix
from minimand.steps import FISTA
from minimand.steps.lista import safe_rate
from minimand.terms import L1, LeastSquares

Dictionary = Float[Tensor, "n m"]
Examples = Float[Tensor, "examples n"]
UNUSED = 1e-8  # energy of an atom's codes, over that of all, below which it is drawn anew


def overcomplete_cosines(size: int, side: int) -> Dictionary:
    """The `side` * `side` products of sampled cosines on patches of size x size: where learning starts.

    Source: Elad and Aharon (2006), sec. IV.B.
    """
    frequency, place = torch.arange(side), torch.arange(size)
    line = torch.cos(math.pi * frequency * (place[:, None] + 0.5) / side)
    line[:, 1:] -= line[:, 1:].mean(0)
    return unit_atoms(torch.kron(line, line))


def unit_atoms(D: Dictionary) -> Dictionary:
    """The dictionary with atoms of length 1. Raises ValueError for an atom that is zero or not finite."""
    length = D.norm(dim=0)
    bad = (~((length > 0) & torch.isfinite(length))).nonzero().flatten().tolist()
    if bad:
        raise ValueError(f"a dictionary needs atoms that are finite and not zero, got atom {bad[0]}; leave it out.")
    return D / length


def sparse_codes(
    D: Dictionary, y: Examples, weight: float, *, max_iter: int = 200, tol: float = 1e-4
) -> Float[Tensor, "examples m"]:
    """argmin_z 1/2 ||D z - y||^2 + weight ||z||_1 of every example, by FISTA."""
    start = torch.zeros(len(y), D.shape[1], dtype=y.dtype)
    energy = LeastSquares(Matrix(D), y) + weight * L1()
    return solve(FISTA(safe_rate(D)), energy, start, max_iter=max_iter, tol=tol).x


def energy_dictionary(
    y: Examples,
    D: Dictionary,
    weight: float,
    *,
    steps: int,
    batch: int = 512,
    seed: int = 0,
    show: Callable[[int, float], None] = lambda step, energy: None,
) -> Dictionary:
    """A dictionary for l1 codes, learned online: codes of a batch, then each atom in turn minimises the energy of all
    batches so far, old ones forgotten slowly.

    D: where it starts. show: told the step and the energy an example of its batch. Source: Mairal, Bach, Ponce, Sapiro
    (2010), algs. 1 and 2, with forgetting (1 - 1/t)^2 as in its sec. 3.4.2.
    """
    generator = torch.Generator().manual_seed(seed)
    D = unit_atoms(D)
    A, B = torch.zeros_like(D.mT @ D), torch.zeros_like(D)
    for t in range(1, steps + 1):
        part = y[torch.randint(len(y), (min(batch, len(y)),), generator=generator)]
        z = sparse_codes(D, part, weight, max_iter=50, tol=1e-3)
        keep = (1 - 1 / t) ** 2
        A, B = keep * A + z.mT @ z, keep * B + part.mT @ z
        show(t, float(0.5 * (part - z @ D.mT).square().sum(1).mean() + weight * z.abs().sum(1).mean()))
        D = _atoms_in_turn(D, A, B, part)
    return D


def _atoms_in_turn(D: Dictionary, A: Float[Tensor, "m m"], B: Dictionary, y: Examples) -> Dictionary:
    """Each atom minimises 1/2 tr(D^T D A) - tr(D^T B) on the unit sphere; unused ones become examples."""
    D = D.clone()
    unused = A.diagonal() <= UNUSED * A.diagonal().sum()
    for j in (~unused).nonzero().flatten().tolist():
        u = D[:, j] + (B[:, j] - D @ A[:, j]) / A[j, j]
        D[:, j] = u / u.norm()
    return _renewed(D, unused, y, (y - y @ D @ D.mT).norm(dim=1))


def ksvd(
    y: Examples,
    D: Dictionary,
    error: float,
    *,
    rounds: int,
    atoms: int | None = None,
    show: Callable[[int, float], None] = lambda round, used: None,
) -> Dictionary:
    """A dictionary for codes by matching pursuit: code all examples, then renew atom by atom, together with its codes,
    as the largest singular pair of what the others leave.

    error: ||D z - y|| at which an example has atoms enough; atoms: how many it may have (n unless given). show: told
    the round and the mean number of atoms an example takes. Source: Aharon, Elad, Bruckstein (2006), fig. 2.
    """
    D = unit_atoms(D)
    for k in range(rounds):
        z = matching_pursuit(D, y, error, atoms)
        show(k + 1, float((z != 0).sum(1).float().mean()))
        left = y - z @ D.mT
        D, unused = D.clone(), ~(z != 0).any(0)
        for j in (~unused).nonzero().flatten().tolist():
            users = z[:, j].nonzero().flatten()
            E = left[users] + z[users, j, None] * D[:, j]
            atom = torch.linalg.eigh(E.mT @ E).eigenvectors[:, -1]  # E is long: its Gram matrix is small
            z[users, j] = E @ atom
            D[:, j] = atom
            left[users] = E - z[users, j, None] * atom
        D = _renewed(D, unused, y, left.norm(dim=1))
    return D


def matching_pursuit(D: Dictionary, y: Examples, error: float, atoms: int | None = None) -> Float[Tensor, "examples m"]:
    """Codes by orthogonal matching pursuit: add the atom that fits what is left best, fit all chosen ones again, until
    ||D z - y|| is at most `error` or `atoms` (n unless given) are in use.

    All examples at once, on the Gram matrix. Source: Rubinstein, Zibulevsky, Elad (2008), alg. 2 (batch OMP).
    """
    G, first = D.mT @ D, y @ D
    most = min(D.shape if atoms is None else (*D.shape, atoms))
    z, active = torch.zeros_like(first), torch.arange(len(y))
    chosen, energy = torch.zeros(len(y), 0, dtype=torch.int64), y.square().sum(1)
    active = active[energy > error**2]
    chosen = chosen[active]
    correlation = first[active]
    for _ in range(most):
        if not len(active):
            break
        candidates = correlation.abs().scatter(1, chosen, -1.0)
        chosen = torch.cat([chosen, candidates.argmax(1, keepdim=True)], 1)
        inner = G[chosen.unsqueeze(2), chosen.unsqueeze(1)]
        target = first[active].gather(1, chosen)
        ridge = torch.finfo(y.dtype).eps * torch.eye(chosen.shape[1], dtype=y.dtype)  # atoms that are nearly the same
        weights = torch.linalg.solve(inner + 4 * ridge, target)
        z[active] = z[active].scatter(1, chosen, weights)
        left = energy[active] - (weights * target).sum(1)
        going = left > error**2
        correlation = (first[active] - z[active] @ G)[going]
        active, chosen = active[going], chosen[going]
    return z


def _renewed(D: Dictionary, unused: Tensor, y: Examples, left: Float[Tensor, " examples"]) -> Dictionary:
    """Unused atoms become the examples of which most is left."""
    places = unused.nonzero().flatten()[: len(y)]
    worst = left.argsort(descending=True)[: len(places)]
    length = y[worst].norm(dim=1, keepdim=True)
    use = (length > 0).flatten()
    D[:, places[use]] = (y[worst] / length)[use].mT
    return D
