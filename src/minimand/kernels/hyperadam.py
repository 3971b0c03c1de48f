"""HyperAdam's update on CPUs: chunks of coordinates that stay in the cache, every coordinate a lane.

Two passes over the coordinates, for the norm of the new state lies between them: `state_pass` is the recurrent cell,
`moment_pass` the decay rates, moments, weights and their sum. Arrays are (J, n), single precision, contiguous. Formulas
and letters: `systems/optimizers/hyperadam.py`, which these loops are held against. tanh is a rational function, right
to 5e-7, and the logistic function and ELU are made of it, so that everything vectorises.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np

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

compiled = numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)


class Numbers(NamedTuple):
    """The learned numbers, matrices (out, in) and biases (out,)."""

    Wp: np.ndarray
    bp: np.ndarray
    Wl: np.ndarray
    bl: np.ndarray
    Wa: np.ndarray
    ba: np.ndarray
    Wq: np.ndarray
    bq: np.ndarray


def state_pass(numbers: Numbers, g: np.ndarray, unit: float, h: np.ndarray, c: np.ndarray) -> None:
    """Turn h and c into those after this gradient, in place. g: (n,); unit: what the gradient is multiplied by."""
    (Wp, bp, Wl, bl), factor = numbers[:4], np.float32(unit)
    spread(lambda k: _state_tile(Wp, bp, Wl, bl, g, factor, h, c, k), -(-len(g) // TILE))


def moment_pass(
    numbers: Numbers, g: np.ndarray, h: np.ndarray, unit_h: np.ndarray, unit_m: np.ndarray,
    moments: Sequence[np.ndarray], move: np.ndarray,
) -> None:  # fmt: skip
    """Turn the moments (m, v, B, G) into those after this gradient, in place, and write the move (n,).

    unit_h, unit_m: (J,), what h and the m before are multiplied by.
    """
    (Wa, ba, Wq, bq), (m, v, B, G) = numbers[4:], moments
    spread(lambda k: _moment_tile(Wa, ba, Wq, bq, g, h, unit_h, unit_m, m, v, B, G, move, k), -(-len(g) // TILE))


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


@compiled
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


@compiled
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


@compiled
def _gates(i, j, f, o, c, h):  # type: ignore[no-untyped-def]
    """The cell of an LSTM, in place, and its output."""
    for l in range(len(c)):
        cell = _logistic(f[l] + ONE) * c[l] + _logistic(i[l]) * _tanh(j[l])
        c[l] = cell
        h[l] = _logistic(o[l]) * _tanh(cell)


@compiled
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


@compiled
def _candidate(beta, gamma, rho, g, m, v, B, G, move):  # type: ignore[no-untyped-def]
    """One Adam of the ensemble, in place, and its share of the move; beta, gamma, rho before their nonlinearities."""
    for l in range(len(g)):
        b, r, slope = _logistic(beta[l]), _logistic(gamma[l]), g[l]
        m[l] = slope + b * (m[l] - slope)
        v[l] = slope * slope + r * (v[l] - slope * slope)
        B[l] = ONE + b * (B[l] - ONE)
        G[l] = ONE + r * (G[l] - ONE)
        move[l] += _elu(rho[l]) * m[l] / ((B[l] + EPS) * np.sqrt(v[l] / (G[l] + EPS) + EPS))
