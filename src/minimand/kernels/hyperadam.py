"""HyperAdam's update: chunks of coordinates that stay in the cache, every coordinate a lane; on CUDA devices in Triton.

Two passes over the coordinates, for the norm of the new state lies between them: `state_pass` is the recurrent cell,
`moment_pass` the decay rates, moments, weights and their sum. Arrays are (batch, J, n), single precision, contiguous.
Formulas and letters: `systems/optimizers/hyperadam.py`, which these loops are held against. tanh is a rational
function, right to 5e-7, and the logistic function and ELU are made of it, so that everything vectorises.
"""

from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec

import numba
import numpy as np
import torch
from torch import Tensor

from minimand.kernels.piecewise_linear import FAST
from minimand.kernels.threads import spread

LANES = 64  # coordinates worked on together
TILE = 64 * LANES  # coordinates of one piece of work
EPS = np.float32(1e-24)
HALF, ONE, TWO = np.float32(0.5), np.float32(1), np.float32(2)
REACH = np.float32(7.9)  # tanh is 1 beyond, to single precision
# tanh(x) = x P(x^2) / Q(x^2), fitted here by iterated least squares on [0, REACH]
P0, P1, P2, P3, P4 = (np.float32(a) for a in (0.99999981, 0.12720926, 2.7052094e-3, 7.2291132e-6, -6.2633105e-9))
Q1, Q2, Q3 = (np.float32(a) for a in (0.46054104, 0.022887673, 1.9787958e-4))

jit = numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)


Numbers = Sequence[Tensor]  # Wp, bp, Wl, bl, Wa, ba, Wq, bq: matrices (out, in), biases (out,)
DEVICES = ("cpu", "cuda") if find_spec("triton") and torch.version.hip is None else ("cpu",)


def compiled(g: Tensor) -> bool:
    """Whether the passes take these numbers."""
    return g.device.type in DEVICES and g.dtype == torch.float32


def state_pass(numbers: Numbers, g: Tensor, unit: Tensor, h: Tensor, c: Tensor) -> None:
    """Turn h and c into those after the gradient g (batch, n), in place; unit: (batch, 1, 1), what g is multiplied
    by.
    """
    if g.device.type == "cuda":
        from minimand.kernels import hyperadam_triton  # only here: importing triton takes a while

        return hyperadam_triton.state_pass(numbers, g, unit, h, c)
    weights, arrays = [w.numpy() for w in numbers[:4]], [a.numpy() for a in (g, unit.flatten(), h, c)]
    for part in zip(*arrays, strict=True):
        spread(partial(_state_tile, *weights, *part), -(-g.shape[1] // TILE))
    return None


def moment_pass(
    numbers: Numbers, g: Tensor, h: Tensor, unit_h: Tensor, unit_m: Tensor, moments: Sequence[Tensor]
) -> Tensor:
    """Turn the moments (m, v, B, G) into those after the gradient, in place, and return the move (batch, n).

    unit_h, unit_m: (batch, J, 1), what h and the m before are multiplied by.
    """
    if g.device.type == "cuda":
        from minimand.kernels import hyperadam_triton

        return hyperadam_triton.moment_pass(numbers, g, h, unit_h, unit_m, moments)
    weights, move = [w.numpy() for w in numbers[4:]], torch.empty_like(g)
    units, arrays = (unit_h[..., 0].numpy(), unit_m[..., 0].numpy()), (m.numpy() for m in (*moments, move))
    for part in zip(g.numpy(), h.numpy(), *units, *arrays, strict=True):
        spread(partial(_moment_tile, *weights, *part), -(-g.shape[1] // TILE))
    return move


@numba.njit(fastmath=FAST, error_model="numpy", inline="always")
def _tanh(x):  # type: ignore[no-untyped-def]
    x = x if x < REACH else REACH
    x = x if x > -REACH else -REACH
    t = x * x
    return x * (P0 + t * (P1 + t * (P2 + t * (P3 + t * P4)))) / (ONE + t * (Q1 + t * (Q2 + t * Q3)))


@numba.njit(fastmath=FAST, error_model="numpy", inline="always")
def _logistic(x):  # type: ignore[no-untyped-def]
    return HALF + HALF * _tanh(HALF * x)


@numba.njit(fastmath=FAST, error_model="numpy", inline="always")
def _elu(x):  # type: ignore[no-untyped-def]
    low = x if x < 0 else np.float32(0)
    t = _tanh(HALF * low)
    low = TWO * t / (ONE - t)  # exp(x) - 1
    return x if x > 0 else low


@jit
def _dense(W, b, x, y):  # type: ignore[no-untyped-def]
    """y = W x + b for LANES coordinates, four inputs at a time."""
    outs, ins = W.shape
    for o in range(outs):
        w, row = W[o], y[o]
        for l in range(LANES):
            row[l] = b[o]
        for k in range(0, ins - 3, 4):
            w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
            x0, x1, x2, x3 = x[k], x[k + 1], x[k + 2], x[k + 3]
            for l in range(LANES):
                row[l] += w0 * x0[l] + w1 * x1[l] + w2 * x2[l] + w3 * x3[l]
        for k in range(ins - ins % 4, ins):
            w0, x0 = w[k], x[k]
            for l in range(LANES):
                row[l] += w0 * x0[l]


@jit
def _state_tile(Wp, bp, Wl, bl, g, unit, h, c, piece):  # type: ignore[no-untyped-def]
    J = len(bp)
    x, z = np.zeros((2 * J, LANES), np.float32), np.empty((4 * J, LANES), np.float32)
    for start in range(piece * TILE, min(piece * TILE + TILE, len(g)), LANES):
        end = min(start + LANES, len(g))
        slope = g[start:end]
        for j in range(J):
            w, b, u, old, before = Wp[j, 0] * unit, bp[j], x[j], x[J + j], h[j, start:end]
            for l in range(end - start):
                u[l] = _elu(w * slope[l] + b)
                old[l] = before[l]
        _dense(Wl, bl, x, z)
        for j in range(J):
            _gates(z[j], z[J + j], z[2 * J + j], z[3 * J + j], c[j, start:end], h[j, start:end])


@jit
def _gates(i, j, f, o, c, h):  # type: ignore[no-untyped-def]
    """The cell of an LSTM, in place, and its output."""
    for l in range(len(c)):
        cell = _logistic(f[l] + ONE) * c[l] + _logistic(i[l]) * _tanh(j[l])
        c[l] = cell
        h[l] = _logistic(o[l]) * _tanh(cell)


@jit
def _moment_tile(Wa, ba, Wq, bq, g, h, unit_h, unit_m, m, v, B, G, move, piece):  # type: ignore[no-untyped-def]
    J = len(bq)
    x, z = np.zeros((3 * J, LANES), np.float32), np.empty((3 * J, LANES), np.float32)
    for start in range(piece * TILE, min(piece * TILE + TILE, len(g)), LANES):
        end = min(start + LANES, len(g))
        for j in range(J):
            a, b, s, s_unit, m_unit = unit_h[j], unit_m[j], x[2 * J + j], x[j], x[J + j]
            hj, mj = h[j, start:end], m[j, start:end]
            for l in range(end - start):
                s[l] = hj[l]
                s_unit[l] = a * hj[l]
                m_unit[l] = b * mj[l]
        _dense(Wa, ba, x[: 2 * J], z[: 2 * J])
        _dense(Wq, bq, x[2 * J :], z[2 * J :])
        move[start:end] = 0
        for j in range(J):
            mj, vj, Bj, Gj = m[j, start:end], v[j, start:end], B[j, start:end], G[j, start:end]
            _candidate(z[j], z[J + j], z[2 * J + j], g[start:end], mj, vj, Bj, Gj, move[start:end])


@jit
def _candidate(beta, gamma, rho, g, m, v, B, G, move):  # type: ignore[no-untyped-def]
    """One Adam of the ensemble, in place, and its share of the move; beta, gamma, rho before their nonlinearities."""
    for l in range(len(g)):
        b, r, slope = _logistic(beta[l]), _logistic(gamma[l]), g[l]
        m[l] = slope + b * (m[l] - slope)
        v[l] = slope * slope + r * (v[l] - slope * slope)
        B[l] = ONE + b * (B[l] - ONE)
        G[l] = ONE + r * (G[l] - ONE)
        move[l] += _elu(rho[l]) * m[l] / ((B[l] + EPS) * np.sqrt(v[l] / (G[l] + EPS) + EPS))
