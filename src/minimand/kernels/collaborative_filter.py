"""Collaborative filtering of groups of similar 8 x 8 patches, the two stages of BM3D: compiled loops for CPUs
beside a plain torch reference.

A group is transformed, shrunk, transformed back, and its patches are added up where they came from, weighted. The
transform is separable: T down and along the patches, Haar from patch to patch. Numbers lie so that every loop is long:
a group is eight lines of count * 8 numbers, one line for each row of the patches; T then mixes lines, and Haar halves
them, with the patches in bit-reversed order. Source: Dabov, Foi, Katkovnik, Egiazarian (2007), eqs. 5-13.
"""

import numba
import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from minimand.kernels.piecewise_linear import FAST
from minimand.kernels.threads import spread

SIZE = 8  # of a patch, known when the loops are compiled
BAND = 8  # rows of reference patches that add up in one place: sums do not depend on the number of threads
compiled = numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)

Planes = Float[Tensor, "planes height width"]


def collaborative_filter(
    noisy: Planes,
    guide: Planes | None,
    positions: Int64[Tensor, "rows columns count 2"],
    sizes: Int64[Tensor, "rows columns"],
    transform: Float[Tensor, "8 8"],
    window: Float[Tensor, "8 8"],
    threshold: float,
) -> Planes:
    """One stage of BM3D on planes that share their groups (colours, or real and imaginary part).

    guide: None for hard thresholding at `threshold`, in units of the image; an estimate of the image for Wiener
    filtering, where `threshold` is the standard deviation of the noise. positions: upper left pixels of the patches of
    every group; sizes: how many of them it takes, powers of two; transform: T, with rows of norm 1; window: what
    patches are weighted by.
    """
    image = noisy.contiguous().numpy()
    estimate = image if guide is None else guide.contiguous().numpy()
    matrices = (transform, torch.linalg.inv(transform.double()))
    forth, back = (np.ascontiguousarray(m.numpy(), image.dtype) for m in matrices)
    kaiser, places, many = window.numpy().astype(image.dtype), positions.numpy(), sizes.numpy()
    bands = range(0, len(places), BAND)
    tops = [int(places[k : k + BAND, ..., 0].min()) for k in bands]
    ends = [int(places[k : k + BAND, ..., 0].max()) + SIZE for k in bands]
    sums = [np.zeros((2, len(image), end - top, image.shape[2]), image.dtype) for top, end in zip(tops, ends)]

    def work(k: int) -> None:
        rows = slice(bands[k], bands[k] + BAND)
        _filter_band(
            image, estimate, guide is None, places[rows], many[rows], tops[k], forth, back, kaiser, threshold, sums[k]
        )

    spread(work, len(bands))
    whole = np.zeros((2, *image.shape), image.dtype)
    for top, end, part in zip(tops, ends, sums):
        whole[:, :, top:end] += part
    return torch.from_numpy(whole[0] / whole[1])


def collaborative_filter_reference(
    noisy: Planes,
    guide: Planes | None,
    positions: Int64[Tensor, "rows columns count 2"],
    sizes: Int64[Tensor, "rows columns"],
    transform: Float[Tensor, "8 8"],
    window: Float[Tensor, "8 8"],
    threshold: float,
) -> Planes:
    """The same in plain torch, group by group."""
    sums, weights = torch.zeros_like(noisy), torch.zeros_like(noisy)
    forth, back = (m.to(noisy.dtype) for m in (transform, torch.linalg.inv(transform.double())))
    for place, count in zip(positions.flatten(0, 1), sizes.flatten().tolist()):
        corners, across = place[:count].tolist(), _across(count).to(noisy.dtype)
        for plane in range(len(noisy)):
            s = _spectrum(noisy[plane], corners, forth, across)
            factor = (s.abs() > threshold).to(s.dtype)
            if guide is not None:
                energy = _spectrum(guide[plane], corners, forth, across).square()
                factor = energy / (energy + threshold**2)
            w = window / factor.square().sum().clamp_min(1)
            patches = back @ torch.einsum("gk,gij->kij", across, factor * s) @ back.T
            for patch, (i, j) in zip(patches, corners, strict=True):
                sums[plane, i : i + SIZE, j : j + SIZE] += w * patch
                weights[plane, i : i + SIZE, j : j + SIZE] += w
    return sums / weights


def _spectrum(image: Tensor, corners: list[list[int]], transform: Tensor, across: Tensor) -> Tensor:
    patches = torch.stack([image[i : i + SIZE, j : j + SIZE] for i, j in corners])
    return torch.einsum("gk,kij->gij", across, transform @ patches @ transform.T)


def _across(count: int) -> Tensor:
    """The orthonormal Haar transform of neighbours, of their sums, and so on."""
    if count == 1:
        return torch.ones(1, 1, dtype=torch.float64)
    pairs = torch.eye(count // 2, dtype=torch.float64)
    means, differences = (torch.kron(pairs, torch.tensor([[1.0, s]])) * 0.5**0.5 for s in (1, -1))
    return torch.cat([_across(count // 2) @ means, differences])


@compiled
def _filter_band(x, guide, hard, places, sizes, top, forth, back, window, threshold, sums):  # type: ignore[no-untyped-def]
    """Weighted patches and weights of some rows of groups, added to sums: (2, planes, rows from `top` on, width)."""
    kind = x.dtype.type
    one, level = kind(1), kind(threshold)
    pixels = np.empty((SIZE, places.shape[2] * SIZE), x.dtype)
    spectrum, known = np.empty_like(pixels), np.empty_like(pixels)
    slots = _slots(1)
    for i in range(places.shape[0]):
        for j in range(places.shape[1]):
            group, n = places[i, j], sizes[i, j] * SIZE
            if slots.size != sizes[i, j]:
                slots = _slots(sizes[i, j])
            for plane in range(x.shape[0]):
                if not hard:
                    _load(guide[plane], group, slots, pixels)
                    _transform(pixels, known, forth, n)
                    _haar(known, n)
                _load(x[plane], group, slots, pixels)
                _transform(pixels, spectrum, forth, n)
                _haar(spectrum, n)
                kept = _hard_threshold(spectrum, level, n) if hard else _wiener(spectrum, known, level * level, n)
                _haar_back(spectrum, n)
                _transform(spectrum, pixels, back, n)
                _add(pixels, group, slots, top, one / max(kept, one), window, sums[0, plane], sums[1, plane])


@compiled
def _slots(count):  # type: ignore[no-untyped-def]
    """Where each patch of a group lies: bits reversed, so that what Haar pairs is half a line apart, always."""
    slots = np.zeros(count, np.int64)
    for k in range(count):
        rest, width = k, count
        while width > 1:
            slots[k] = 2 * slots[k] + rest % 2
            rest, width = rest // 2, width // 2
    return slots


@compiled
def _load(x, group, slots, pixels):  # type: ignore[no-untyped-def]
    for k in range(slots.size):
        row, column, start = group[k, 0], group[k, 1], slots[k] * SIZE
        for p in range(SIZE):
            for q in range(SIZE):
                pixels[p, start + q] = x[row + p, column + q]


@compiled
def _add(pixels, group, slots, top, weight, window, total, weights):  # type: ignore[no-untyped-def]
    for k in range(slots.size):
        row, column, start = group[k, 0] - top, group[k, 1], slots[k] * SIZE
        for p in range(SIZE):
            for q in range(SIZE):
                w = weight * window[p, q]
                total[row + p, column + q] += w * pixels[p, start + q]
                weights[row + p, column + q] += w


@compiled
def _transform(source, target, matrix, n):  # type: ignore[no-untyped-def]
    """T patch T^T, transposed, for every patch; `source` is used up."""
    _mix(source, target, matrix, n)
    for start in range(0, n, SIZE):
        for p in range(SIZE):
            for q in range(SIZE):
                source[q, start + p] = target[p, start + q]
    _mix(source, target, matrix, n)


@compiled
def _mix(source, target, matrix, n):  # type: ignore[no-untyped-def]
    """Every line of the target is a combination of the lines of the source."""
    for p in range(SIZE):
        t, line = matrix[p], target[p]
        for k in range(n):
            line[k] = (
                t[0] * source[0, k] + t[1] * source[1, k] + t[2] * source[2, k] + t[3] * source[3, k]
                + t[4] * source[4, k] + t[5] * source[5, k] + t[6] * source[6, k] + t[7] * source[7, k]
            )  # fmt: skip


@compiled
def _haar(spectrum, n):  # type: ignore[no-untyped-def]
    """Orthonormal Haar transform from patch to patch."""
    half = n // 2
    while half >= SIZE:
        _butterflies(spectrum, half)
        half //= 2


@compiled
def _haar_back(spectrum, n):  # type: ignore[no-untyped-def]
    half = SIZE
    while half < n:
        _butterflies(spectrum, half)
        half *= 2


@compiled
def _butterflies(spectrum, half):  # type: ignore[no-untyped-def]
    root = spectrum.dtype.type(0.5**0.5)
    for p in range(SIZE):
        left, right = spectrum[p, :half], spectrum[p, half : 2 * half]
        for k in range(half):
            a, b = left[k], right[k]
            left[k], right[k] = root * (a + b), root * (a - b)


@compiled
def _hard_threshold(spectrum, threshold, n):  # type: ignore[no-untyped-def]
    """Set small coefficients to 0; returns how many are left."""
    zero, one = spectrum.dtype.type(0), spectrum.dtype.type(1)
    left = zero
    for p in range(SIZE):
        line = spectrum[p]
        for k in range(n):
            keep = one if abs(line[k]) > threshold else zero
            line[k] *= keep
            left += keep
    return left


@compiled
def _wiener(spectrum, known, variance, n):  # type: ignore[no-untyped-def]
    """Shrink every coefficient by its empirical Wiener factor; returns the sum of their squares."""
    total = spectrum.dtype.type(0)
    for p in range(SIZE):
        line, other = spectrum[p], known[p]
        for k in range(n):
            energy = other[k] * other[k]
            factor = energy / (energy + variance)
            line[k] *= factor
            total += factor * factor
    return total
