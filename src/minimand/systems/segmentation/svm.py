"""Label fusion by a small classifier at every voxel (SVM-based augmented fusion), in its least-squares form.

The samples of a voxel p are voxels of all atlases in a window round it, each with its label; the features are
intensities, gradients and context. A classifier with the kernel exp(-|f - g|^2 / dim) learns the labels of these
samples alone and says that of the target:

    (K + I / C) a = y - mean(y)         y_p = k^T a + mean(y)           C = 1

Source: Bai, Shi, Ledig, Rueckert (2015), with least squares in place of the hinge (Suykens, Vandewalle, 1999), SAMPLES
drawn from the window, and features of our choice.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from minimand.kernels.label_fusion import shifts
from minimand.systems.segmentation.fusion import Images, Labels, Radius, Target, Votes, patches, where_undecided

SAMPLES = 128  # of a voxel
C = 1.0
RINGS = (6, 12)  # voxels from the centre at which context is looked at
CHUNK = 256  # voxels worked on at once


def svm(target: Target, images: Images, labels: Labels) -> Votes:
    """One classifier for every voxel on which atlases do not agree; its outputs, cut at 0, are the votes.

    Places outside the volume count as those at its border.
    """
    flat = len(target) == 1
    reach = (0, 3, 3) if flat else (2, 2, 2)

    def compare(T: Target, X: Images, L: Labels, wanted: Bool[Tensor, "depth height width"]) -> Votes:
        f = features(torch.cat([T[None], X]))
        pool, said = f[1:].movedim(1, -1), L.movedim(1, -1)
        i, shift = samples(len(X), reach)
        last = torch.tensor(T.shape) - 1
        votes = []
        for p in wanted.nonzero().split(CHUNK):
            q = torch.minimum((p[:, None] + shift).clamp_min(0), last)  # (voxel, sample, axis)
            at = (i, *q.unbind(-1))
            votes.append(classify(f[0].movedim(0, -1)[tuple(p.T)], pool[at], said[at]))
        found = torch.zeros_like(L[0])
        outputs = torch.cat(votes).T.clamp_min(0)
        found[:, wanted] = outputs / outputs.sum(0).clamp_min(1e-6)
        return found

    return where_undecided(compare, reach, RINGS[-1] + 1, target, images, labels)


def classify(
    at: Float[Tensor, "voxel feature"], samples: Float[Tensor, "voxel sample feature"],
    labels: Float[Tensor, "voxel sample label"],
) -> Float[Tensor, "voxel label"]:  # fmt: skip
    """What each voxel's own classifier, learned from its samples, says of its features."""
    gamma = 1 / at.shape[1]
    K = torch.exp(-gamma * torch.cdist(samples, samples).square())
    k = torch.exp(-gamma * torch.cdist(at[:, None], samples).square())
    mean = labels.mean(1, keepdim=True)
    factor = torch.linalg.cholesky(K + torch.eye(K.shape[1]) / C)
    return (k @ torch.cholesky_solve(labels - mean, factor) + mean)[:, 0]


def samples(atlases: int, reach: Radius) -> tuple[Int64[Tensor, " sample"], Int64[Tensor, "sample axis"]]:
    """Atlas and shift of SAMPLES samples, or of all if there are fewer: the same ones at every voxel."""
    every = shifts(reach)
    order = torch.randperm(atlases * len(every), generator=torch.Generator().manual_seed(0))[:SAMPLES]
    return order // len(every), torch.tensor(every)[order % len(every)]


def features(x: Images) -> Float[Tensor, "atlas feature depth height width"]:
    """Patches of intensities and of their differences along each axis, and the differences between the means of boxes
    on rings round the voxel and its own; each of mean 0 and variance 1 over all images.
    """
    axes = [axis for axis in range(3) if x.shape[1 + axis] > 1]
    slopes = [torch.gradient(x, dim=1 + axis)[0] for axis in axes]
    kernel = [3 if n > 1 else 1 for n in x.shape[1:]]
    means = F.avg_pool3d(x[:, None], kernel, 1, [k // 2 for k in kernel], count_include_pad=False)[:, 0]
    rings = [patches(means, 1, ring) - means[:, None] for ring in RINGS]
    f = torch.cat([patches(x, 1 + (len(axes) == 2)), *(patches(s, 1) for s in slopes), *rings], 1)
    spread, mean = torch.std_mean(f, (0, 2, 3, 4), keepdim=True)
    return (f - mean) / spread.clamp_min(1e-6)
