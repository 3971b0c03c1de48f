"""Matching: what each method sees, and learned affinities on sets of points held out."""

import numpy as np
import pytest
import torch

from minimand import Unroll, solve
from minimand.io import InputError
from minimand.steps import MeanField
from minimand.systems.shapes.laplacian import eigenpairs
from minimand.systems.shapes.matching import landmarks, match, match_surfaces
from minimand.terms import Assignment, PairAffinity, TripleAffinity
from minimand.terms.assignment import distances, sines

from .conftest import worm


def sets(seed, n=20, outliers=0, scale=1.0, noise=0.02, dtype=torch.float64):
    """Normal points in the plane; the same turned, scaled, jittered, among outliers, in another order; who is whom."""
    generator = torch.Generator().manual_seed(seed)
    left = torch.randn(n, 2, generator=generator, dtype=dtype)
    turn = torch.linalg.qr(torch.randn(2, 2, generator=generator, dtype=dtype)).Q
    right = scale * left @ turn + noise * torch.randn(n, 2, generator=generator, dtype=dtype)
    right = torch.cat([right, scale * torch.randn(outliers, 2, generator=generator, dtype=dtype)])
    order = torch.randperm(n + outliers, generator=generator)
    return left, right[order], order.argsort()[:n]


def share_right(method, **options):
    found = []
    for seed in range(3):
        left, right, truth = sets(seed, n=12, **options)
        found.append((match(left, right, method).right == truth).double().mean())
    return float(torch.stack(found).mean())


def test_the_tensor_sees_through_scale_and_the_matrix_does_not():
    assert share_right("tensor", scale=1.5) > 0.95
    assert share_right("matrix", scale=1.5) < 0.5
    assert share_right("matrix") > 0.95
    assert share_right("mean-field") > 0.95


def test_affinities_are_what_their_formulas_say():
    left, right, _ = sets(0, n=4)
    data = Assignment(left[None], right[None])
    K = PairAffinity(0.3).double().given(data, data.even()).K.reshape(4, 4, 4, 4)
    p, q = distances(data.left)[0], distances(data.right)[0]
    assert K[0, 1, 2, 3].item() == pytest.approx(np.exp(-((p[0, 2] - q[1, 3]).item() ** 2) / (2 * 0.3**2)))
    assert K[0, 1, 0, 2] == K[0, 1, 2, 1] == 0
    corner = torch.tensor([[[0.0, 0], [1, 0], [0, 1]]])
    torch.testing.assert_close(sines(corner, torch.tensor([[0, 1, 2]]))[0, 0], torch.tensor([1, 0.5**0.5, 0.5**0.5]))


def test_a_soft_assignment_sums_to_one_on_the_smaller_side():
    left, right, _ = sets(1, n=5, outliers=3)
    x = Assignment(left[None], right[None]).minimise_with(0.1 * torch.randn(1, 5, 8, dtype=torch.float64))
    torch.testing.assert_close(x.sum(2), torch.ones(1, 5, dtype=torch.float64), atol=1e-6, rtol=0)
    torch.testing.assert_close(x.sum(1), torch.full((1, 8), 5 / 8, dtype=torch.float64), atol=1e-3, rtol=0)


def test_a_learned_affinity_is_better_on_sets_held_out():
    """Unrolled mean field begins as the solver and learns the widths of its affinities."""

    def batch(seeds):
        left, right, truth = zip(*(sets(s, n=8, noise=0.1, dtype=torch.float32) for s in seeds), strict=True)
        return Assignment(torch.stack(left), torch.stack(right)), torch.stack(truth)

    prior = 0.3 * PairAffinity(1.0)
    net = Unroll(MeanField(), prior, depth=5, tied=True)
    (data, truth), (held, held_truth) = batch(range(20)), batch(range(100, 115))

    def loss(data, truth):
        return -net(data, data.even()).gather(2, truth[..., None]).clamp_min(1e-9).log().mean()

    torch.testing.assert_close(net(held, held.even()), solve(MeanField(), held + prior, held.even(), max_iter=5).x)
    before = loss(held, held_truth).item()
    adam = torch.optim.Adam(net.parameters(), 0.1)
    for _ in range(25):
        adam.zero_grad()
        loss(data, truth).backward()
        adam.step()
    assert loss(held, held_truth).item() < 0.8 * before


def test_landmarks_of_a_bent_worm_are_found_again():
    here, there = (landmarks(eigenpairs(*worm(bend, rings=25, around=18)[:2]), 8) for bend in (1.0, 1.4))
    found = match_surfaces(here, there)
    along = [marks.vertices // 18 for marks in (here, there)]  # rings from one end
    assert (along[0] - along[1][found.right]).abs().max() <= 3
    assert len(set(found.right.tolist())) == 8


@pytest.mark.parametrize(
    ("n", "m", "method", "said"),
    [
        (5, 4, "tensor", "got 5 and 4"),
        (2, 4, "matrix", "3 points or more"),
        (50, 50, "tensor", "tensor matches 40 points"),
        (5, 5, "tensr", "there is no method 'tensr'"),
    ],
)
def test_what_cannot_be_matched_is_refused(n, m, method, said):
    with pytest.raises(InputError, match=said):
        match(torch.rand(n, 2), torch.rand(m, 2), method)


def test_energies_of_affinities_are_their_sums():
    left, right, _ = sets(2, n=4)
    data = Assignment(left[None], right[None])
    x = torch.rand(1, 4, 4, dtype=torch.float64)
    term = TripleAffinity(0.3, nearest=24).double().given(data, x)
    assert term.T is not None
    triples = x.flatten(1)[0][term.where[0]].prod(1)
    assert term(x).item() == pytest.approx(-(term.T[0] * triples).sum().item())
