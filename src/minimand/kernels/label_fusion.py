"""Label fusion: what atlases say, weighted by how near their features in a window are to those of the target.

    D_p(i, a) = || F_p - G_i,p+a ||^2                        the distance layer, of shifted features
    w_p(i, a) = exp(-s_p D_p(i, a)) / Z_p                    the weight layer, one soft-max over atlases i and shifts a
    y_p       = sum_i sum_a w_p(i, a) L_i,p+a                the voting layer, of labels shifted alike

a: over the (2t + 1)^d places of a window; candidates outside the image have no weight. It is neighbourhood attention
with every atlas's window among the keys. Nothing of the size pixels x candidates is kept: rows of the target are worked
on one by one, and the backward pass computes their weights again from log Z. Volumes are (depth, height, width); an
image has depth 1 and a window of depth 1. Source: Yang et al. (2016), Deep Fusion Net, as given in the talk.
"""

import math
from typing import Any

import numba
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minimand.kernels.register import register
from minimand.kernels.threads import spread

compiled = numba.njit(error_model="numpy", cache=True, nogil=True, fastmath={"contract", "nsz", "arcp"})

Target = Float[Tensor, "channel depth height width"]
Atlases = Float[Tensor, "atlas channel depth height width"]
Labels = Float[Tensor, "atlas label depth height width"]
Plane = Float[Tensor, "depth height width"]
Radius = tuple[int, int, int]


def fuse_labels(
    target: Target,
    atlases: Atlases,
    labels: Labels,
    radius: Radius,
    *,
    scale: Plane | None = None,
    wanted: Bool[Tensor, "depth height width"] | None = None,
) -> Float[Tensor, "label depth height width"]:
    """The votes y, which add up to 1 over the labels where those of every atlas do.

    radius: t along depth, height and width; scale: s, 1 unless given, without gradient; wanted: pixels to work on (all
    unless given), y is 0 elsewhere. Gradients flow to both features and to the labels.
    """
    scale = torch.ones_like(target[0]) if scale is None else scale.detach()
    wanted = torch.ones_like(target[0], dtype=torch.bool) if wanted is None else wanted
    if target.device.type != "cpu":
        return fuse_labels_reference(target, atlases, labels, radius, scale, wanted)
    tensors = [v.contiguous() for v in (target, atlases, labels, scale, wanted)]
    y: Tensor = _fuse(*tensors, *radius)[0]
    return y


def nearest_distance(
    target: Target, atlases: Atlases, radius: Radius, wanted: Bool[Tensor, "depth height width"] | None = None
) -> Plane:
    """min over i and a of D_p(i, a), without gradient; 0 where pixels are not wanted."""
    wanted = torch.ones_like(target[0], dtype=torch.bool) if wanted is None else wanted
    target, atlases = target.detach(), atlases.detach()
    if target.device.type != "cpu":
        return torch.where(wanted, distances_reference(target, atlases, radius).flatten(0, 1).amin(0), 0)
    least = torch.zeros_like(target[0])
    T, X, here = (v.contiguous().numpy() for v in (target, atlases, wanted))
    rz, ry, rx = radius
    spread(lambda k: _nearest_row(T, X, here, rz, ry, rx, k, least.numpy()), least.shape[0] * least.shape[1])
    return least


def fuse_labels_reference(
    target: Target, atlases: Atlases, labels: Labels, radius: Radius, scale: Plane, wanted: Tensor
) -> Tensor:
    """The same in plain torch, with all weights in memory: what the compiled form is held against."""
    w = torch.softmax((-scale * distances_reference(target, atlases, radius)).flatten(0, 1), 0)
    shifted = torch.stack([moved(labels, shift, 0.0) for shift in shifts(radius)], 1).flatten(0, 1)
    return torch.where(wanted, (w[:, None] * shifted).sum(0), 0)


def distances_reference(
    target: Target, atlases: Atlases, radius: Radius
) -> Float[Tensor, "atlas shift depth height width"]:
    """D, infinite for candidates outside the image."""
    inside = torch.ones_like(atlases[:, 0])
    each = [
        (target - moved(atlases, a, 0.0)).square().sum(1).masked_fill(moved(inside, a, 0.0) == 0, math.inf)
        for a in shifts(radius)
    ]
    return torch.stack(each, 1)


def shifts(radius: Radius) -> list[Radius]:
    """All places of the window, the last axis fastest."""
    z, y, x = (range(-t, t + 1) for t in radius)
    return [(i, j, k) for i in z for j in y for k in x]


def moved(x: Tensor, shift: Radius, beyond: float) -> Tensor:
    """The shift layer: S x at p is x at p + shift; `beyond` where that lies outside."""
    size = x.shape[-3:]
    ends = [(max(0, -a), max(0, min(n, n - a))) for a, n in zip(shift, size, strict=True)]
    (z, d), (y, h), (u, w) = ((slice(low, high), slice(low + a, high + a)) for (low, high), a in zip(ends, shift))
    result = x.new_full(x.shape, beyond)
    if all(low < high for low, high in ends):
        result[..., z, y, u] = x[..., d, h, w]
    return result


def _forward(
    target: Tensor, atlases: Tensor, labels: Tensor, scale: Tensor, wanted: Tensor, rz: int, ry: int, rx: int
) -> tuple[Tensor, Tensor]:
    y = target.new_zeros(labels.shape[1:])
    log_sum = torch.zeros_like(scale)
    T, X, L, s, here, votes, Z = (v.numpy() for v in (target, atlases, labels, scale, wanted, y, log_sum))
    spread(lambda k: _forward_row(T, X, L, s, here, rz, ry, rx, k, votes, Z), scale.shape[0] * scale.shape[1])
    return y, log_sum


def _backward_cpu(
    grad: Tensor, y: Tensor, log_sum: Tensor, target: Tensor, atlases: Tensor, labels: Tensor, scale: Tensor,
    wanted: Tensor, rz: int, ry: int, rx: int,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    parts = torch.zeros_like(atlases)  # of the target's gradient, one for every atlas: they are worked on side by side
    d_atlases, d_labels = torch.zeros_like(atlases), torch.zeros_like(labels)
    mean = (grad * y).sum(0)
    e, e_y, Z, T, s, here = (v.numpy() for v in (grad, mean, log_sum, target, scale, wanted))
    X, L, dT, dX, dL = (v.numpy() for v in (atlases, labels, parts, d_atlases, d_labels))
    spread(lambda i: _backward_atlas(e, e_y, Z, T, s, here, rz, ry, rx, X[i], L[i], dT[i], dX[i], dL[i]), len(atlases))
    return parts.sum(0), d_atlases, d_labels


_ARGUMENTS = "Tensor target, Tensor atlases, Tensor labels, Tensor scale, Tensor wanted, int rz, int ry, int rx"

_fuse_backward = register(
    f"fuse_labels_backward(Tensor grad, Tensor y, Tensor log_sum, {_ARGUMENTS}) -> (Tensor, Tensor, Tensor)",
    _backward_cpu,
    lambda grad, y, log_sum, target, atlases, labels, *rest: tuple(
        torch.empty_like(v) for v in (target, atlases, labels)
    ),
)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    *tensors, rz, ry, rx = inputs
    ctx.save_for_backward(*output, *tensors)
    ctx.radius = (rz, ry, rx)


def _differentiate(ctx: Any, grad: Tensor, _: Any) -> tuple[Tensor | None, ...]:
    grads = _fuse_backward(grad.contiguous(), *ctx.saved_tensors, *ctx.radius)
    return *grads, None, None, None, None, None


_fuse = register(
    f"fuse_labels({_ARGUMENTS}) -> (Tensor, Tensor)",
    _forward,
    lambda target, atlases, labels, scale, *rest: (
        target.new_empty(labels.shape[1:]),
        torch.empty_like(scale),
    ),
    remember=_remember,
    backward=_differentiate,
)


@compiled
def _ends(row):  # type: ignore[no-untyped-def]
    """The first wanted pixel of a row and the one after the last."""
    first, last = row.size, 0
    for x in range(row.size):
        if row[x]:
            first, last = min(first, x), x + 1
    return first, last


@compiled
def _candidates(shape, here, ends, rz, ry, rx):  # type: ignore[no-untyped-def]
    """The shifts that a row of the target has candidates for: row to look in, shift along it, ends on the target."""
    depth, height, width = shape
    found = np.empty(((2 * rz + 1) * (2 * ry + 1) * (2 * rx + 1), 5), np.int64)
    n = 0
    for z in range(max(here[0] - rz, 0), min(here[0] + rz + 1, depth)):
        for y in range(max(here[1] - ry, 0), min(here[1] + ry + 1, height)):
            for dx in range(-rx, rx + 1):
                low, high = max(ends[0], -dx), min(ends[1], width - dx)
                if low < high:
                    found[n] = z, y, dx, low, high
                    n += 1
    return found[:n]


@compiled
def _distances(target, atlas, here, at, out):  # type: ignore[no-untyped-def]
    """D along one row of the target. Loops run from 0, over slices, so that they become vector instructions."""
    z, y, dx, low, high = at
    out = out[low:high]
    out[:] = 0
    for c in range(len(target)):
        f, g = target[c, here[0], here[1]][low:high], atlas[c, z, y][low + dx : high + dx]
        for x in range(out.size):
            d = f[x] - g[x]
            out[x] += d * d


@compiled
def _nearest_row(target, atlases, wanted, rz, ry, rx, k, least):  # type: ignore[no-untyped-def]
    here = divmod(k, target.shape[2])
    ends = _ends(wanted[here])
    row = np.empty(target.shape[3], target.dtype)
    best = np.full(target.shape[3], np.inf, target.dtype)
    places = _candidates(target.shape[1:], here, ends, rz, ry, rx)
    for i in range(len(atlases)):
        for n in range(len(places)):
            _distances(target, atlases[i], here, places[n], row)
            for x in range(places[n, 3], places[n, 4]):
                best[x] = min(best[x], row[x])
    for x in range(ends[0], ends[1]):
        if wanted[here][x]:
            least[here][x] = best[x]


@compiled
def _forward_row(target, atlases, labels, scale, wanted, rz, ry, rx, k, votes, log_sum):  # type: ignore[no-untyped-def]
    """The votes of one row: all its distances first, then their soft-max."""
    here = divmod(k, target.shape[2])
    ends = _ends(wanted[here])
    places = _candidates(target.shape[1:], here, ends, rz, ry, rx)
    rows = np.empty((len(atlases), len(places), target.shape[3]), target.dtype)
    top = np.full(target.shape[3], -np.inf, target.dtype)
    total = np.zeros(target.shape[3], target.dtype)
    for i in range(len(atlases)):
        for n in range(len(places)):
            low, high = places[n, 3], places[n, 4]
            _distances(target, atlases[i], here, places[n], rows[i, n])
            row, s, t = rows[i, n][low:high], scale[here][low:high], top[low:high]
            for x in range(row.size):
                row[x] *= -s[x]
                t[x] = max(t[x], row[x])
    for i in range(len(atlases)):
        for n in range(len(places)):
            z, y, dx, low, high = places[n]
            w, t, sums = rows[i, n][low:high], top[low:high], total[low:high]
            for x in range(w.size):
                w[x] = math.exp(w[x] - t[x])
            for x in range(w.size):
                sums[x] += w[x]
            for label in range(len(votes)):
                v, says = votes[label, here[0], here[1]][low:high], labels[i, label, z, y][low + dx : high + dx]
                for x in range(w.size):
                    v[x] += w[x] * says[x]
    for x in range(ends[0], ends[1]):
        for label in range(len(votes)):
            votes[label, here[0], here[1], x] *= wanted[here][x] / total[x]
        log_sum[here][x] = top[x] + math.log(total[x])


@compiled
def _backward_atlas(grad, mean, log_sum, target, scale, wanted, rz, ry, rx, atlas, labels, d_target, d_atlas, d_labels):  # type: ignore[no-untyped-def]
    """What one atlas adds to the gradients: dE/dD = -s w (e . L - e . y), e = dE/dy."""
    depth, height, width = target.shape[1:]
    row, weights, pull = np.empty((3, width), target.dtype)
    for k in range(depth * height):
        here = divmod(k, height)
        places = _candidates(target.shape[1:], here, _ends(wanted[here]), rz, ry, rx)
        for n in range(len(places)):
            z, y, dx, low, high = places[n]
            _distances(target, atlas, here, places[n], row)
            w, g, D, s = weights[low:high], pull[low:high], row[low:high], scale[here][low:high]
            counts, Z, e_y = wanted[here][low:high], log_sum[here][low:high], mean[here][low:high]
            for x in range(w.size):
                w[x] = counts[x] * math.exp(-s[x] * D[x] - Z[x]) if counts[x] else counts[x] * s[x]
                g[x] = e_y[x]
            for label in range(len(labels)):
                e, says = grad[label, here[0], here[1]][low:high], labels[label, z, y][low + dx : high + dx]
                d_says = d_labels[label, z, y][low + dx : high + dx]
                for x in range(w.size):
                    g[x] -= e[x] * says[x]
                    d_says[x] += w[x] * e[x]
            for x in range(w.size):
                g[x] *= 2 * s[x] * w[x]
            for c in range(len(target)):
                f, h = target[c, here[0], here[1]][low:high], atlas[c, z, y][low + dx : high + dx]
                df, dh = d_target[c, here[0], here[1]][low:high], d_atlas[c, z, y][low + dx : high + dx]
                for x in range(w.size):
                    d = g[x] * (f[x] - h[x])
                    df[x] += d
                    dh[x] -= d
