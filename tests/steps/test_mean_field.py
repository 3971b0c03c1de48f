"""Mean field against all labellings of a small image."""

import itertools

import pytest
import torch
from torch.testing import assert_close

from minimand import Unroll, solve
from minimand.steps import MeanField, SweepingMeanField
from minimand.terms import L1, Pairwise, Unary


def small_field(strength, labels=2, size=(4, 4)):
    """A field on a small image with both kernels over all pairs."""
    logits, picture = torch.randn(2, labels, *size, dtype=torch.float64), torch.rand(2, 3, *size, dtype=torch.float64)
    data = Unary(logits, picture)
    terms = [Pairwise(labels, 1.5, 0.4, radius=None, strength=strength)]
    terms += [Pairwise(labels, 1.0, radius=None, strength=0.5 * strength)]
    return data + terms[0].double() + terms[1].double()


def all_labellings(energy, labels, size):
    """log Z and the marginals (batch, labels, *size), by the sum over every labelling."""
    pixels = size[0] * size[1]
    given, U = energy.given(torch.softmax(energy.data.logits, 1)), energy.data.logits.flatten(2)
    each = torch.tensor(list(itertools.product(range(labels), repeat=pixels)))
    hot = torch.nn.functional.one_hot(each, labels).double().mT  # (labellings, labels, pixels)
    minus = torch.einsum("blp,nlp->bn", U, hot)
    for g, _ in given.priors:
        K = g.kernel.matrix.expand(len(U), -1, -1)
        minus = minus - 0.5 * torch.einsum("nlp,lk,bpq,nkq->bn", hot, g.mu, K, hot)
    chance = torch.softmax(minus, 1)
    return torch.logsumexp(minus, 1), torch.einsum("bn,nlp->blp", chance, hot).unflatten(2, size).detach()


def start(energy):
    return torch.softmax(energy.data.logits, 1)


def test_without_ties_mean_field_is_exact():
    energy = small_field(1e-12, labels=3, size=(2, 3))
    found = solve(MeanField(), energy, start(energy), max_iter=50, tol=1e-12)
    log_z, marginals = all_labellings(energy, 3, (2, 3))
    assert_close(found.x, marginals, rtol=1e-8, atol=1e-8)
    assert_close(energy.given(found.x)(found.x).detach(), -log_z.detach())


@pytest.mark.parametrize(("strength", "near"), [(0.05, 0.002), (0.3, 0.03)])
def test_marginals_are_near_those_of_all_labellings(strength, near):
    energy = small_field(strength, size=(3, 4))
    log_z, marginals = all_labellings(energy, 2, (3, 4))
    alone = float((start(energy) - marginals).abs().max())
    for step in (MeanField(), SweepingMeanField()):
        x = solve(step, energy, start(energy), max_iter=200, tol=1e-10).x
        off = float((x - marginals).abs().max())
        assert off < near
        assert off < 0.2 * alone
        assert bool((energy.given(x)(x) >= -log_z).all())  # the bound that mean field tightens


@pytest.mark.slow
def test_marginals_of_a_4_by_4_grid():
    energy = small_field(0.2)
    log_z, marginals = all_labellings(energy, 2, (4, 4))
    x = solve(MeanField(), energy, start(energy), max_iter=200, tol=1e-10).x
    assert float((x - marginals).abs().max()) < 0.02
    assert bool((energy.given(x)(x) >= -log_z).all())


def test_sweeps_never_raise_the_energy():
    energy = small_field(2.0, labels=3)
    x = torch.softmax(3 * torch.randn(2, 3, 4, 4, dtype=torch.float64), 1)
    found = solve(SweepingMeanField(), energy, x, max_iter=20, tol=0.0, energies=True)
    assert float(found.energies.diff(dim=0).max()) <= 1e-10


def test_the_unrolled_network_learns_compatibilities():
    energy = small_field(0.2)
    net = Unroll(MeanField(), [g for g, _ in energy.priors], depth=3, tied=True)
    loss = -net(energy.data, start(energy))[:, 0].log().mean()
    loss.backward()
    names = [name for name, p in net.named_parameters() if p.grad is not None and bool(p.grad.any())]
    assert len(names) == 2
    assert all(name.endswith("compatibility") for name in names)


def test_other_energies_are_refused():
    energy = small_field(0.2)
    with pytest.raises(TypeError, match=r"a data term with `minimise_with` \(Unary\), got L1"):
        MeanField().init(L1() + L1(), start(energy))
    with pytest.raises(TypeError, match="Pairwise needs a data term with a picture"):
        (L1() + energy.priors[0][0]).given(start(energy))
    with pytest.raises(TypeError, match="no kernel before it is given a picture"):
        energy.priors[0][0](start(energy))
    with pytest.raises(ValueError, match="logits and picture of one size"):
        Unary(torch.zeros(1, 2, 4, 4), torch.zeros(1, 3, 4, 5))
