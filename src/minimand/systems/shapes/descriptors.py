"""Descriptors of points and shapes that the spectrum gives: heat and wave kernel signatures, ShapeDNA.

All are blind to rigid motion, to the order of vertices, and nearly so to bending and remeshing.
"""

import numpy as np
from jaxtyping import Float

from minimand.systems.shapes.laplacian import Eigenpairs

COLUMNS = 32
OCTAVE = 16  # time steps of the scale-invariant signature in a doubling of time
TAUS = (-9, 6)  # log2 of the times of the scale-invariant signature, the area being 1
TINY = 1e-12
ENERGIES = (1.0, 7.0)  # of wave kernels: log of eigenvalues, the area being 1
WIDTH = 4.0  # of a wave kernel, in steps of its energy

Columns = Float[np.ndarray, "vertices columns"]


def heat_kernel_signature(pairs: Eigenpairs, columns: int = COLUMNS) -> Columns:
    """h_t(x) = sum_k e^(-lambda_k t) phi_k(x)^2 / sum_k e^(-lambda_k t); t logarithmic from 4 ln 10 / lambda_K to
    4 ln 10 / lambda_1. The area mean of each column is 1. Source: Sun, Ovsjanikov, Guibas (2009).
    """
    low, high = 4 * np.log(10) / pairs.values[[-1, 0]]
    weights = np.exp(-pairs.values[:, None] * np.geomspace(low, high, columns))
    return pairs.functions**2 @ (weights / weights.sum(0))


def wave_kernel_signature(
    pairs: Eigenpairs, columns: int = COLUMNS, *, width: float = WIDTH, normalised: bool = True
) -> Columns:
    """w_e(x) = sum_k g_e(lambda_k) phi_k(x)^2 / sum_k g_e(lambda_k), g a Gaussian over log lambda.

    width: of g, in steps of e. The energies e go from 1 to 7 for all shapes, so that a column means one wavelength. The
    area mean of each column is 1; without the denominator (`normalised`) it is the density of eigenvalues at e.
    Source: Aubry, Schlickewei, Cremers (2011), who space e by each shape's own eigenvalues.
    """
    energies = np.linspace(*ENERGIES, columns)
    spread = width * (ENERGIES[1] - ENERGIES[0]) / columns
    logs = np.log(np.maximum(pairs.values, TINY))
    weights = np.exp(-((energies - logs[:, None]) ** 2) / (2 * spread**2))
    density = np.maximum(weights.sum(0), TINY) if normalised else 1.0
    return pairs.functions**2 @ (weights / density)


def scale_invariant_signature(pairs: Eigenpairs, columns: int = COLUMNS) -> Columns:
    """The first frequencies of |FFT| along tau of d/dtau log (1 + sum_k e^(-lambda_k t) phi_k(x)^2), t = 2^tau.

    The 1 is the constant eigenfunction's: with it the heat has two ends, and a change of scale is a shift of tau, which
    the modulus does not see. Source: Bronstein and Kokkinos (2010).
    """
    taus = np.arange(*TAUS, 1 / OCTAVE)
    heat = 1 + pairs.functions**2 @ np.exp(-pairs.values[:, None] * 2.0**taus)
    return np.abs(np.fft.rfft(np.diff(np.log(heat), axis=1), axis=1))[:, :columns]


def shape_dna(pairs: Eigenpairs, columns: int = 30) -> Float[np.ndarray, " columns"]:
    """log lambda_1, ..., log lambda_30 of the surface at unit area. Source: Reuter, Wolter, Peinecke (2006)."""
    return np.log(np.maximum(pairs.values[:columns], 1e-12))
