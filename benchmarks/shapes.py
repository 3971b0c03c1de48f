"""How long do eigenpairs, a query and a match take, and are they right?

100 eigenpairs of a bumpy torus with 4 000 and 50 000 triangles beside scipy's eigsh in shift-invert mode; a query among
1000 vectors; points matched by pairs and by triples, with a change of scale and among outliers.
"""

import statistics
from functools import partial

import numpy as np
import scipy.sparse as sparse
import torch
from _record import report, timed
from scipy.optimize import linear_sum_assignment
from scipy.sparse.linalg import eigsh

from minimand import Unroll
from minimand.steps import MeanField
from minimand.systems.shapes.laplacian import cotangent_laplacian, eigenpairs
from minimand.systems.shapes.matching import WIDTH, match
from minimand.systems.shapes.search import nearest
from minimand.terms import Assignment, PairAffinity

SEEDS = 10


def torus(n: int) -> tuple[np.ndarray, np.ndarray]:
    """2 n^2 triangles, vertices in random order."""
    u, w = np.meshgrid(2 * np.pi * np.arange(n) / n, 2 * np.pi * np.arange(n) / n, indexing="ij")
    r = 0.4 + 0.05 * np.sin(3 * u) * np.cos(2 * w)
    vertices = np.stack([(1 + r * np.cos(w)) * np.cos(u), (1 + r * np.cos(w)) * np.sin(u), r * np.sin(w)], 2)
    a = np.random.default_rng(0).permutation(n * n).reshape(n, n)
    b, c, d = np.roll(a, -1, 0), np.roll(a, (-1, -1), (0, 1)), np.roll(a, -1, 1)
    placed = np.empty((n * n, 3))
    placed[a.ravel()] = vertices.reshape(-1, 3)
    return placed, np.concatenate([np.stack(f, 2).reshape(-1, 3) for f in ((a, b, c), (a, c, d))])


def spectra(n: int) -> dict:
    vertices, faces = torus(n)
    L, mass = cotangent_laplacian(vertices, faces)
    A = sparse.diags(mass / mass.sum())
    found = eigenpairs(vertices, faces)
    wanted = np.sort(eigsh(L, 101, M=A, sigma=-1e-6, which="LM", return_eigenvectors=False))[1:]
    error = float(np.abs(found.values / wanted - 1).max())
    assert error < 1e-7, error
    runs = 5 if n < 100 else 3
    return {
        "triangles": len(faces), "largest relative difference": error,
        "ours": timed(lambda: eigenpairs(vertices, faces), runs),
        "eigsh": timed(lambda: eigsh(L, 101, M=A, sigma=-1e-6, which="LM"), runs if n < 100 else 1),
    }  # fmt: skip


def points(seed: int, scale: float, noise: float, outliers: int) -> tuple:
    """20 normal points in the plane; the same turned, scaled, jittered, among outliers, shuffled; who is whom."""
    generator = torch.Generator().manual_seed(seed)
    left = torch.randn(20, 2, dtype=torch.float64, generator=generator)
    turn = torch.linalg.qr(torch.randn(2, 2, dtype=torch.float64, generator=generator)).Q
    right = scale * left @ turn + noise * torch.randn(20, 2, dtype=torch.float64, generator=generator)
    right = torch.cat([right, scale * torch.randn(outliers, 2, dtype=torch.float64, generator=generator)])
    order = torch.randperm(20 + outliers, generator=generator)
    return left, right[order], order.argsort()[:20]


def matches(method: str, scale: float, noise: float, outliers: int) -> dict:
    trials = [points(seed, scale, noise, outliers) for seed in range(SEEDS)]
    right = [float((match(a, b, method).right == truth).double().mean()) for a, b, truth in trials]
    first, second, _ = trials[0]
    return {"right": round(100 * statistics.fmean(right), 1), **timed(partial(match, first, second, method), 3)}


def learned(noise: float) -> dict:
    """Unrolled mean field, born as the solver, learns the width of pair affinities: what it finds in unseen sets."""

    def batch(seeds: range) -> tuple[Assignment, torch.Tensor]:
        left, right, truth = zip(*(points(seed, 1.0, noise, 0) for seed in seeds), strict=True)
        unit = torch.stack([torch.pdist(a).mean() for a in left])[:, None, None]  # as `match` does
        return Assignment((torch.stack(left) / unit).float(), (torch.stack(right) / unit).float()), torch.stack(truth)

    def loss(data: Assignment, truth: torch.Tensor) -> torch.Tensor:
        return -net(data, data.even()).gather(2, truth[..., None]).clamp_min(1e-9).log().mean()

    def right() -> float:
        with torch.no_grad():
            rows = [torch.from_numpy(linear_sum_assignment(-x.numpy())[1]) for x in net(held, held.even())]
        return round(100 * float((torch.stack(rows) == held_truth).float().mean()), 1)

    (data, truth), (held, held_truth) = batch(range(1000, 1030)), batch(range(2 * SEEDS))
    net = Unroll(MeanField(), PairAffinity(WIDTH), depth=5, tied=True)
    before = right()
    adam = torch.optim.Adam(net.parameters(), 0.1)
    for _ in range(20):
        adam.zero_grad()
        loss(data, truth).backward()
        adam.step()
    after = right()
    assert after > before, (before, after)
    return {"right as born": before, "right, learned": after}


def main() -> None:
    for n in (45, 158):
        report("shapes", "100 eigenpairs", **spectra(n))
    vectors = torch.randn(1000, 1785, generator=torch.Generator().manual_seed(0))
    report("shapes", "a query among 1000 shapes", **timed(lambda: nearest(vectors[3], vectors, 10), 21))
    for case, options in (("scale 1.5, noise 0.02", (1.5, 0.02, 0)), ("among 10 outliers", (1.5, 0.02, 10))):
        found = {method: matches(method, *options) for method in ("matrix", "mean-field", "tensor")}
        report("shapes", f"20 points matched, {case}", **found)
    for noise in (0.15, 0.25):
        report("shapes", f"20 points, noise {noise}, 20 sets held out, affinity learned from 30", **learned(noise))


if __name__ == "__main__":
    main()
