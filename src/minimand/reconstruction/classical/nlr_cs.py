"""NLR-CS: compressive sensing by stacks of similar patches that have low rank."""

import torch
from torch import Tensor

from minimand.algebra import per_item
from minimand.io import InputError
from minimand.kernels.block_matching import block_matching, most
from minimand.operators import Diffraction, Sense
from minimand.operators.chosen_patches import ChosenPatches
from minimand.reconstruction.admm_net import peak, scaled
from minimand.reconstruction.sensed_tv import sensed_total_variation
from minimand.terms import LeastSquares

SIDE, SIMILAR, WINDOW, APART = 6, 45, 41, 5  # as in Dong et al. (2014), sec. V
MATCHINGS, PASSES = 8, 6  # how often similar patches are sought, and passes with each choice
BASES = 3  # passes with one choice of singular vectors
FIRST = 60.0  # how much larger the first weight is than the last
PENALTY = 0.05  # of leaving the low-rank image for the data: small, for data without noise
SMALL = 1e-3  # added to singular values in the logarithm


@torch.no_grad()
def nlr_cs(data: LeastSquares, weight: float = 3e-5) -> Tensor:
    """min over x and L_i of 1/2 ||A x - y||^2 + sum_i ||R_i x - L_i||^2 + weight logdet L_i, up to constants.

    R_i takes a patch and those like it, a row each. Alternates the L_i (singular values shrunk by the slope of the
    logarithm) and x, which is closed form for operators with A A^H = c I and for k-space; the L_i are averaged to one
    image first, pixel by pixel. Starts from total variation; the weight, in units of the squared maximum of A^H y,
    falls from pass to pass. Source: Dong, Shi, Li, Ma, Huang (2014), eqs. 8-14 and algorithm 1.
    """
    if isinstance(data.A, Sense):
        raise InputError("nlr-cs is for one coil or compressive measurements, not for several coils; use sense-tv.")
    return torch.cat([_one(data.items(slice(k, k + 1)), weight) for k in range(len(data.y))])


def _one(data: LeastSquares, weight: float) -> Tensor:
    start = sensed_total_variation(data)
    scale = peak(data.pulled())
    term, x = scaled(data, scale), start / per_item(scale, start)
    behind_plate = isinstance(data.A, Diffraction) and data.A.real
    if isinstance(data.A, Diffraction) and behind_plate:
        term = LeastSquares(data.A.on_complex(), term.y)  # closed form for complex images
    height, width = x.shape[-2:]
    side = min(SIDE, height, width)
    count = min(SIMILAR, most(height, width, side, WINDOW))
    for k in range(MATCHINGS):
        found = block_matching(x, side, step=min(APART, side), window=WINDOW, count=count).positions
        patches = ChosenPatches(found.flatten(1, 2), side, (height, width))
        often = patches.adjoint(torch.ones_like(patches(x.abs())))
        for j in range(PASSES):
            now = weight * FIRST ** (1 - (k * PASSES + j) / (MATCHINGS * PASSES - 1))
            stacks = patches(x)[0].unflatten(0, (-1, count))
            if j % BASES == 0:
                bases = torch.linalg.eigh(stacks.mH @ stacks).eigenvectors
            low = shrink_rank(stacks, bases, now)
            near = patches.adjoint(low.flatten(0, 1)[None]) / often
            near = near.to(torch.complex64) if behind_plate else near
            x = term.prox(near, 1 / PENALTY)
            x = x.real if behind_plate else x
    return x * per_item(scale, x)


def shrink_rank(stacks: Tensor, bases: Tensor, weight: float) -> Tensor:
    """Every stack (patches by pixels) with its singular values shrunk: s <- (s - weight / (s + small))_+, s in units of
    one patch. bases: right singular vectors as columns, of these stacks or of earlier ones like them.
    """
    parts = stacks @ bases
    s = parts.abs().square().mean(-2, keepdim=True).sqrt()
    return (parts * ((s - weight / (s + SMALL)).clamp_min(0) / s.clamp_min(1e-12))) @ bases.mH
