"""HyperAdam's update on CUDA devices, in Triton: the numbers of a tile of coordinates never leave the registers between
the cells.

Two kernels, for the norm of the new state lies between them, each one program per learner and tile. Every matrix is a
block of J x J numbers filled up with zeros to a power of two, so that a cell is a handful of small products; single
precision runs on tensor cores as three TF32 products a product. Formulas and letters:
`systems/optimizers/hyperadam.py`. Importing this file imports triton.
"""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

COORDINATES = 64  # of a tile
WARPS, STAGES = 4, 1
EPS = 1e-24
PRECISION = {torch.float32: "tf32x3", torch.float64: "ieee"}


def state_pass(numbers: Sequence[Tensor], g: Tensor, unit: Tensor, h: Tensor, c: Tensor) -> None:
    """Turn h and c (batch, J, n) into those after the gradient g (batch, n), in place; unit: (batch, 1, 1), what g is
    multiplied by. Everything on one CUDA device, contiguous.
    """
    grid, sizes, fixed = _fixed(g, h)
    if g.numel():
        with torch.cuda.device_of(g):
            _state[grid](*numbers[:4], g, unit, h, c, *sizes, *fixed, num_warps=WARPS, num_stages=STAGES)


def moment_pass(
    numbers: Sequence[Tensor], g: Tensor, h: Tensor, unit_h: Tensor, unit_m: Tensor, moments: Sequence[Tensor]
) -> Tensor:
    """Turn the moments (m, v, B, G) into those after the gradient, in place, and return the move (batch, n).

    unit_h, unit_m: (batch, J, 1), what h and the m before are multiplied by.
    """
    move, (grid, sizes, fixed) = torch.empty_like(g), _fixed(g, h)
    if g.numel():
        inputs = *numbers[4:], g, h, unit_h, unit_m, *moments, move
        with torch.cuda.device_of(g):
            _moments[grid](*inputs, *sizes, EPS, *fixed, num_warps=WARPS, num_stages=STAGES)
    return move


def _fixed(g: Tensor, h: Tensor) -> tuple[tuple[int, int], tuple[int, int], tuple[int, str, int]]:
    """The grid, the sizes n and J, and what a kernel is compiled for."""
    (batch, n), J = g.shape, h.shape[1]
    rows: int = max(16, triton.next_power_of_2(J))
    return (batch, triton.cdiv(n, COORDINATES)), (n, J), (rows, PRECISION[g.dtype], COORDINATES)


@triton.jit
def _state(
    Wp, bp, Wl, bl, g, unit, h, c, n, J, ROWS: tl.constexpr, PRECISION: tl.constexpr, COORDINATES: tl.constexpr
):  # fmt: skip
    """The recurrent cell."""
    learner, r = tl.program_id(0), tl.arange(0, ROWS)
    at, here, slope = _place(g, n, J, r, COORDINATES)
    slope = slope * tl.load(unit + learner)
    u = _elu(tl.load(Wp + r, r < J, 0.0)[:, None] * slope[None, :] + tl.load(bp + r, r < J, 0.0)[:, None])
    before, cell = tl.load(h + at, here, 0.0), tl.load(c + at, here, 0.0)
    i = _gate(Wl, bl, u, before, 0, J, r, PRECISION)
    j = _gate(Wl, bl, u, before, 1, J, r, PRECISION)
    f = _gate(Wl, bl, u, before, 2, J, r, PRECISION)
    o = _gate(Wl, bl, u, before, 3, J, r, PRECISION)
    cell = tl.sigmoid(f + 1) * cell + tl.sigmoid(i) * _tanh(j)
    tl.store(c + at, cell, here)
    tl.store(h + at, tl.sigmoid(o) * _tanh(cell), here)


@triton.jit
def _moments(
    Wa, ba, Wq, bq, g, h, unit_h, unit_m, m, v, B, G, move, n, J, EPS,
    ROWS: tl.constexpr, PRECISION: tl.constexpr, COORDINATES: tl.constexpr,
):  # fmt: skip
    """Decay rates, moments and weights of the candidates, and their sum."""
    learner, r = tl.program_id(0), tl.arange(0, ROWS)
    at, here, slope = _place(g, n, J, r, COORDINATES)
    slope = slope[None, :]
    s, first = tl.load(h + at, here, 0.0), tl.load(m + at, here, 0.0)
    a = s * tl.load(unit_h + learner * J + r, r < J, 0.0)[:, None]
    b = first * tl.load(unit_m + learner * J + r, r < J, 0.0)[:, None]
    beta = tl.sigmoid(_gate(Wa, ba, a, b, 0, J, r, PRECISION))
    gamma = tl.sigmoid(_gate(Wa, ba, a, b, 1, J, r, PRECISION))
    first = slope + beta * (first - slope)
    second = slope * slope + gamma * (tl.load(v + at, here, 0.0) - slope * slope)
    B_new = 1 + beta * (tl.load(B + at, here, 0.0) - 1)
    G_new = 1 + gamma * (tl.load(G + at, here, 0.0) - 1)
    rho = _elu(tl.dot(_square(Wq, J, r, 0, J), s, input_precision=PRECISION) + tl.load(bq + r, r < J, 0.0)[:, None])
    candidates = rho * first / ((B_new + EPS) * tl.sqrt(second / (G_new + EPS) + EPS))
    coordinates = tl.program_id(1) * COORDINATES + tl.arange(0, COORDINATES)
    total = tl.sum(tl.where(here, candidates, 0.0), axis=0)
    tl.store(move + learner.to(tl.int64) * n + coordinates, total, coordinates < n)
    tl.store(m + at, first, here)
    tl.store(v + at, second, here)
    tl.store(B + at, B_new, here)
    tl.store(G + at, G_new, here)


@triton.jit
def _place(g, n, J, r, COORDINATES: tl.constexpr):
    """Where this tile lies in an array (batch, J, n), what of it there is, and its gradient."""
    learner, k = tl.program_id(0).to(tl.int64), tl.program_id(1) * COORDINATES + tl.arange(0, COORDINATES)
    at = (learner * J + r)[:, None] * n + k[None, :]
    return at, (r < J)[:, None] & (k < n)[None, :], tl.load(g + learner * n + k, k < n, 0.0)


@triton.jit
def _gate(W, b, x, y, which, J, r, PRECISION: tl.constexpr):
    """Gate number `which` of a linear map of (x, y), both (ROWS, COORDINATES)."""
    left, right = _square(W, 2 * J, r, which * J, J), _square(W + J, 2 * J, r, which * J, J)
    z = tl.dot(left, x, input_precision=PRECISION) + tl.dot(right, y, input_precision=PRECISION)
    return z + tl.load(b + which * J + r, r < J, 0.0)[:, None]


@triton.jit
def _square(W, width, r, first, J):
    """J x J numbers of a matrix with rows of `width`, from row `first` on, filled up with zeros."""
    return tl.load(W + (first + r)[:, None] * width + r[None, :], (r < J)[:, None] & (r < J)[None, :], 0.0)


@triton.jit
def _tanh(x):
    return 2 * tl.sigmoid(2 * x) - 1


@triton.jit
def _elu(x):
    return tl.where(x > 0, x, tl.exp(tl.minimum(x, 0.0)) - 1)
