"""Label fusion without learning: from registered atlases to the probability of every label at every voxel.

A rule gets the target, the warped images of the atlases (both from 0 to 1) and their warped labels as shares of every
voxel, label 0 of the list being the background. The label with the largest probability wins, the first one of equals.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from minimand.kernels.label_fusion import fuse_labels, nearest_distance

AGREED = 1e-3  # difference of shares within a window up to which the atlases agree
EPS = 1e-4  # added to the square of the patches' nearest distance, intensities being from 0 to 1

Target = Float[Tensor, "depth height width"]
Images = Float[Tensor, "atlas depth height width"]
Labels = Float[Tensor, "atlas label depth height width"]
Votes = Float[Tensor, "label depth height width"]
Rule = Callable[[Target, Images, Labels], Votes]
Radius = tuple[int, int, int]


def majority(target: Target, images: Images, labels: Labels) -> Votes:
    """The mean of the atlases' labels: majority vote."""
    return labels.mean(0)


def staple(target: Target, images: Images, labels: Labels) -> Votes:
    """STAPLE: every atlas is a rater with a confusion matrix; matrices and the hidden truth are found in turn by EM.

        w_p(l) ~ prior_l prod_i theta_i(L_i(p), l)          theta_i(s, l) = sum_p w_p(l) [L_i(p) = s] / sum_p w_p(l)

    Only voxels where atlases differ take part; priors are the labels' shares there. Source: Warfield, Zou, Wells
    (2004).
    """
    said = labels.argmax(1).flatten(1)
    count = labels.shape[1]
    differ = (said != said[0]).any(0)
    votes = labels.mean(0)
    if not bool(differ.any()):
        return votes
    one_hot = F.one_hot(said[:, differ], count).to(torch.float64)  # (atlas, voxel, label)
    prior = one_hot.mean((0, 1))
    theta = torch.full((len(labels), count, count), 0.01 / max(count - 1, 1), dtype=torch.float64)
    theta.diagonal(dim1=1, dim2=2).fill_(0.99)
    before = torch.zeros_like(one_hot[0])
    for _ in range(100):
        log_w = prior.log() + torch.einsum("ips,isl->pl", one_hot, theta.clamp_min(1e-12).log())
        w = torch.softmax(log_w, 1)
        if float((w - before).abs().max()) < 1e-7:
            break
        before = w
        theta = torch.einsum("pl,ips->isl", w, one_hot) / w.sum(0).clamp_min(1e-12)
    sure = F.one_hot(said[0], count).T.to(votes.dtype)
    return sure.masked_scatter(differ.expand(count, -1), w.T.to(votes.dtype)).view_as(votes)


def patch_based(target: Target, images: Images, labels: Labels) -> Votes:
    """Coupe's patch-based fusion: every voxel of a window in every atlas votes, weighted by its patch's likeness.

        w = exp(-||P_T(p) - P_i(q)||^2 / h_p^2)             h_p^2 = min over i and q of ||P_T(p) - P_i(q)||^2 + eps

    Patches are 5 x 5 in windows of 7 x 7 in images, 3^3 in 3^3 in volumes (5^3 was worse on 5 validation hippocampi,
    0.847 and 0.853). Candidates are not selected beforehand.
    Source: Coupe, Manjon, Fonov, Pruessner, Robles, Collins (2011).
    """
    flat = len(target) == 1
    radius, reach = (2, (0, 3, 3)) if flat else (1, (1, 1, 1))

    def compare(T: Target, X: Images, L: Labels, wanted: Bool[Tensor, "depth height width"]) -> Votes:
        f, g = patches(T[None], radius)[0], patches(X, radius)
        scale = 1 / (nearest_distance(f, g, reach, wanted) + EPS)
        return fuse_labels(f, g, L, reach, scale=scale, wanted=wanted)

    return where_undecided(compare, reach, radius, target, images, labels)


def joint(target: Target, images: Images, labels: Labels) -> Votes:
    """Joint label fusion: atlases that err alike share their vote.

        w = M^-1 1 / (1^T M^-1 1)       M_ij = (mean over the patch of |T - X_i| |T - X_j|)^2 + 0.1 mean_k M_kk [i = j]

    Patches are 5 x 5 in images and 3^3 in volumes. In volumes X_i is the patch of atlas i most like the target's among
    those up to a voxel away, and its label votes: on 9 validation hippocampi 0.876 instead of 0.856 without search (two
    voxels 0.867, 5^3 patches of mean 0 and variance 1 0.871); on 40 validation slices of the heart, where a voxel away
    cost 0.004, none are searched. Weights below 0 count as 0. Intensities are compared as they are: patches of mean 0
    and variance 1 are nothing but noise where an organ is flat, and cost 0.08 of Dice on the heart. Source: Wang, Suh,
    Das, Pluta, Craige, Yushkevich (2013), with beta = 2 and an alpha without scale.
    """
    flat = len(target) == 1
    radius, reach = (2, (0, 0, 0)) if flat else (1, (1, 1, 1))

    def compare(T: Target, X: Images, L: Labels, wanted: Bool[Tensor, "depth height width"]) -> Votes:
        around = patches(X, radius)
        error, said = nearest_patches(patches(T[None], radius)[0][:, wanted], around, L, reach, wanted)
        M = torch.einsum("ipn,jpn->nij", error, error).div(error.shape[1]).square()
        alpha = 0.1 * M.diagonal(dim1=1, dim2=2).mean(1) + EPS**2
        w = torch.linalg.solve(M + alpha[:, None, None] * torch.eye(len(X)), torch.ones_like(M[..., 0])).clamp_min(0)
        votes = torch.einsum("ni,iln->ln", w / w.sum(1, keepdim=True), said)
        found = torch.zeros_like(L[0])
        found[:, wanted] = votes / votes.sum(0)
        return found

    return where_undecided(compare, reach, radius, target, images, labels)


def nearest_patches(
    seen: Float[Tensor, "pixel n"], around: Float[Tensor, "atlas pixel depth height width"], labels: Labels,
    reach: Radius, wanted: Bool[Tensor, "depth height width"],
) -> tuple[Float[Tensor, "atlas pixel n"], Float[Tensor, "atlas label n"]]:  # fmt: skip
    """|P_T - P_i| of the patch in each atlas that is nearest to the target's within the window, and its label.

    seen: the target's patches at the n wanted voxels; around: every patch of the atlases. Of equals the first counts,
    nearer the middle of the window before farther.
    """
    both = F.pad(torch.cat([around, labels], 1), [k for r in reversed(reach) for k in (r, r)], mode="replicate")

    def shifted(shift: Sequence[int]) -> list[Tensor]:
        part = [slice(r + k, r + k + n) for r, k, n in zip(reach, shift, wanted.shape)]
        patch, label = both[:, :, *part][:, :, wanted].split([len(seen), labels.shape[1]], 1)
        off = (patch - seen).abs()
        return [off.square().mean(1, keepdim=True), off, label]

    shifts = torch.cartesian_prod(*(torch.arange(-r, r + 1) for r in reach)).tolist()
    first, *others = sorted(shifts, key=lambda shift: sum(k * k for k in shift))
    best = shifted(first)
    for shift in others:
        found = shifted(shift)
        closer = found[0] < best[0]
        best = [torch.where(closer, new, old) for new, old in zip(found, best)]
    return best[1], best[2]


FUSION: Mapping[str, Rule] = {"majority": majority, "staple": staple, "joint": joint, "patch": patch_based}


def where_undecided(
    compare: Callable[[Target, Images, Labels, Bool[Tensor, "depth height width"]], Votes],
    reach: Radius, margin: int, target: Target, images: Images, labels: Labels,
) -> Votes:  # fmt: skip
    """Votes of `compare` where labels differ within the window, and elsewhere what all agree on: exact, not a shortcut.

    compare sees the part of the volumes round those voxels. margin: how far it looks beyond the window.
    """
    votes = labels.mean(0)
    wanted = undecided(labels, reach)
    if not bool(wanted.any()):
        return votes
    part = box_around(wanted, [r + margin for r in reach])
    found = compare(target[part], images[(slice(None), *part)], labels[(..., *part)], wanted[part])
    votes[(..., *part)] = torch.where(wanted[part], found, votes[(..., *part)])
    return votes


def undecided(labels: Labels, reach: Radius) -> Bool[Tensor, "depth height width"]:
    """Where the shares of any label differ within the window, in one atlas or among several."""
    high = F.max_pool3d(labels.amax(0)[None], [2 * r + 1 for r in reach], 1, reach)[0]
    low = -F.max_pool3d(-labels.amin(0)[None], [2 * r + 1 for r in reach], 1, reach)[0]
    return (high - low).amax(0) > AGREED


def box_around(wanted: Bool[Tensor, "depth height width"], margin: list[int]) -> tuple[slice, slice, slice]:
    """The smallest box with all wanted voxels, and so much beyond it; single slices stay so."""
    ends = []
    for axis, more in enumerate(margin):
        n = wanted.shape[axis]
        at = wanted.any(dim=[k for k in range(3) if k != axis]).nonzero()
        ends.append(slice(max(0, int(at[0]) - more), min(n, int(at[-1]) + more + 1)))
    return ends[0], ends[1], ends[2]


def patches(x: Images, radius: int, step: int = 1) -> Float[Tensor, "atlas pixel depth height width"]:
    """The patch round every voxel, as channels: (2 radius + 1)^d voxels, `step` apart; the border goes on as its last
    voxel. Those of slices are flat.
    """
    r = [radius if n > 1 else 0 for n in x.shape[1:]]
    around = F.pad(x[:, None], [step * k for k in reversed(r) for _ in range(2)], mode="replicate")[:, 0]
    places = torch.cartesian_prod(*(step * torch.arange(2 * k + 1) for k in r)).tolist()
    return torch.stack([around[:, *(slice(a, a + n) for a, n in zip(at, x.shape[1:]))] for at in places], 1)
