"""Patches that are sparse in a basis suited to each: PBDW, PANO and FDLCP for k-space of one coil.

All three start from a guide image, by SIDWT, which says what suits each patch: the direction of its edges (PBDW), the
patches like it elsewhere (PANO), or a basis learned for its direction (FDLCP). Then they minimise

    1/2 ||A x - y||^2 + weight g(x)

by FISTA, g as sparse as the guide says, with a weight that falls from step to step, and once more with the result as
the guide. Weights are in units of the zero-filled image's maximum, so that scaling y scales x.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from minimand.algebra import per_item
from minimand.kernels.block_matching import block_matching, most
from minimand.loops import solve
from minimand.operators.chosen_patches import ChosenPatches, everywhere
from minimand.reconstruction.admm_net import peak, scaled
from minimand.reconstruction.classical.acquired import require_kspace
from minimand.reconstruction.classical.directions import directional_haar, sparsest
from minimand.reconstruction.classical.energies import sidwt
from minimand.steps import FISTA
from minimand.term import Term
from minimand.terms import LeastSquares, PatchShrinkage, StackShrinkage

SIDE = 8  # of a patch
STEPS, FIRST = 25, 20.0  # of FISTA for each guide; how much larger the first weight is than the last
GUIDES = 2
SIMILAR, WINDOW, APART = 8, 39, 3  # patches of a stack, where they are sought, pixels between stacks
LEARNING = 8  # alternations of coefficients and basis


@torch.no_grad()
def pbdw(data: LeastSquares, weight: float = 5.5e-4) -> Tensor:
    """Patches sparse in Haar wavelets along the direction of their edges. Source: Qu et al. (2012)."""
    require_kspace("pbdw", data)
    bases = directional_haar(SIDE).to(data.y.device, data.y.real.dtype)
    return guided(data, weight, lambda guide: PatchShrinkage(bases, sparsest(guide, bases)))


@torch.no_grad()
def pano(data: LeastSquares, weight: float = 8e-4) -> Tensor:
    """Stacks of similar patches sparse in 3-D Haar wavelets. Source: Qu et al. (2014)."""
    require_kspace("pano", data)
    height, width = data.pulled().shape[-2:]
    side = min(SIDE, power_of_two(min(height, width)))
    count = min(SIMILAR, power_of_two(most(height, width, side, WINDOW)))

    def prior(guide: Tensor) -> Term:
        found = block_matching(guide, side, step=min(APART, side), window=WINDOW, count=count)
        return StackShrinkage(found.positions, side, (height, width))

    return guided(data, weight, prior)


@torch.no_grad()
def fdlcp(data: LeastSquares, weight: float = 1.2e-3, threshold: float = 0.025) -> Tensor:
    """Patches sparse in orthonormal bases, one learned for every direction. Source: Zhan et al. (2016).

    threshold: below which coefficients count as zero while the bases are learned.
    """
    require_kspace("fdlcp", data)
    directions = directional_haar(SIDE).to(data.y.device, data.y.real.dtype)

    def prior(guide: Tensor) -> Term:
        labels = sparsest(guide, directions)
        return PatchShrinkage(learned_bases(guide, labels, directions, threshold), labels)

    return torch.cat([guided(data.items(slice(k, k + 1)), weight, prior) for k in range(len(data.y))])


def guided(data: LeastSquares, weight: float, prior: Callable[[Tensor], Term]) -> Tensor:
    """Minimise with a prior made for a guide, at first by SIDWT, then the last result; guides have maximum 1 or so."""
    scale = peak(data.pulled())
    term, x = scaled(data, scale), sidwt(data) / per_item(scale, data.pulled())
    weights = [weight * FIRST ** (1 - k / (STEPS - 1)) for k in range(STEPS)]
    for _ in range(GUIDES):
        g = prior(x).to(x.device)
        x = solve(FISTA().to(x.device), [term + w * g for w in weights], x, max_iter=STEPS, tol=0.0).x
    return x * per_item(scale, x)


def learned_bases(guide: Tensor, labels: Tensor, start: Tensor, threshold: float) -> Tensor:
    """For every class an orthonormal basis in which its patches of the guide (a batch of one) are sparse.

    Alternates C = hard threshold of the coefficients and B = the orthonormal matrix nearest to C^H P, patches P row by
    row; a class with fewer patches than pixels keeps its basis. Source: Zhan et al. (2016), eqs. 5-7.
    """
    at, bases = everywhere(*guide.shape[-2:]).to(guide.device), []
    for c, basis in enumerate(start):
        own = at[labels.flatten() == c]
        if len(own) >= len(basis):
            P = ChosenPatches(own[None], SIDE, (guide.shape[-2], guide.shape[-1]))(guide)[0]
            for _ in range(LEARNING):
                C = P @ basis.to(P.dtype).mT
                U, _, Vh = torch.linalg.svd((torch.where(C.abs() > threshold, C, 0).mH @ P).real)
                basis = U @ Vh
        bases.append(basis)
    return torch.stack(bases)


def power_of_two(n: int) -> int:
    """The largest power of two that is at most n."""
    return 1 << (n.bit_length() - 1)
