"""EM for mixtures, and its variational form."""

import pytest
import torch
from torch.testing import assert_close

from minimand import Unroll, solve
from minimand.algebra import leaves
from minimand.energy import Energy
from minimand.steps import EM
from minimand.terms import L1, GaussianMixture, VariationalMixture
from minimand.terms.gaussian_mixture import Gaussians

CENTRES = torch.tensor([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]], dtype=torch.float64)


def clusters(batch=2, each=60):
    """Points around three centres, cluster by cluster."""
    return CENTRES.repeat_interleave(each, 0) + 0.7 * torch.randn(batch, 3 * each, 2, dtype=torch.float64)


def guess(y, components):
    """Equal Gaussians at the first points of a shuffled set."""
    batch, _, d = y.shape
    places = torch.randperm(y.shape[1])[:components]
    wide = y.var() * torch.eye(d, dtype=y.dtype).expand(batch, components, d, d)
    return Gaussians(torch.full((batch, components), 1 / components, dtype=y.dtype), y[:, places], wide)


@pytest.mark.parametrize("seed", range(3))
def test_the_likelihood_never_falls(seed):
    torch.manual_seed(seed)
    y = torch.randn(4, 40, 3, dtype=torch.float64) ** 3  # no mixture at all
    found = solve(EM(), GaussianMixture(y), guess(y, 4), max_iter=60, tol=0.0, energies=True)
    rises = found.energies.diff(dim=0)
    assert float(rises.max()) <= 1e-9
    assert bool((rises[:5] < 0).any())


def test_the_minus_elbo_never_rises():
    y = torch.randn(3, 40, 2, dtype=torch.float64) ** 3
    data = VariationalMixture(y, torch.zeros(2).double(), torch.eye(2).double(), alpha=0.1)
    found = solve(EM(), data, data.example(3, torch.Generator().manual_seed(1)), max_iter=60, tol=0.0, energies=True)
    assert float(found.energies.diff(dim=0).max()) <= 1e-9


def test_planted_clusters_are_recovered():
    y = clusters()
    start = Gaussians(torch.full((2, 3), 1 / 3).double(), y[:, [0, 60, 120]], torch.eye(2).double().expand(2, 3, 2, 2))
    x = solve(EM(), GaussianMixture(y), start, max_iter=60, tol=1e-6).x
    assert_close(x.mean, CENTRES.expand(2, 3, 2), atol=0.4, rtol=0)
    assert_close(x.weight, torch.full((2, 3), 1 / 3).double(), atol=0.02, rtol=0)
    assert_close(x.covariance, 0.49 * torch.eye(2).double().expand(2, 3, 2, 2), atol=0.25, rtol=0)


def test_one_gaussian_is_mean_and_covariance():
    y = clusters()
    x = solve(EM(), GaussianMixture(y), guess(y, 1), max_iter=1, tol=0.0).x
    assert_close(x.mean[:, 0], y.mean(1))
    assert_close(x.covariance[0, 0], torch.cov(y[0].T, correction=0))


def test_the_slope_is_zero_where_em_stands_still():
    """Of likelihood and ELBO, by autograd: the closed M-steps and the divergences agree."""
    y = clusters(each=20)
    plain = GaussianMixture(y)
    bayes = VariationalMixture(y, torch.zeros(2).double(), torch.eye(2).double(), alpha=0.5)
    for data, start in [(plain, guess(y, 2)), (bayes, bayes.example(2, torch.Generator().manual_seed(0)))]:
        x = solve(EM(), data, start, max_iter=2000, tol=1e-13).x
        inside = [leaf.clone().requires_grad_() for leaf in leaves(x)]
        slopes = list(torch.autograd.grad(data(type(x)(*inside)).sum(), inside))
        if data is plain:
            slopes[0] = slopes[0] - slopes[0].mean(1, keepdim=True)  # weights sum to 1
        assert max(float(slope.abs().max()) for slope in slopes) < 1e-4


def test_the_elbo_is_below_the_evidence_of_one_gaussian():
    """Where there is one component nothing is approximated, so that the ELBO is the evidence: the Student-t of y."""
    y = torch.randn(1, 1, 1, dtype=torch.float64)
    data = VariationalMixture(y, torch.zeros(1).double(), torch.ones(1, 1).double(), nu=3.0)
    x = solve(EM(), data, data.maximise(torch.ones(1, 1, 1).double()), max_iter=1).x
    student = torch.distributions.StudentT(3.0, 0.0, (2 / 3.0) ** 0.5)
    assert_close(-data(x), student.log_prob(y[0, 0]))


def test_components_without_use_fall_back_to_the_prior():
    y = clusters(batch=1)
    data = VariationalMixture(y, torch.zeros(2).double(), torch.eye(2).double(), alpha=1e-3)
    q = torch.softmax(8 * torch.rand(1, 180, 6, dtype=torch.float64), 2)
    x = solve(EM(), data, data.maximise(q), max_iter=500, tol=1e-10).x
    assert int((x.alpha > 1).sum()) in (3, 4)
    assert float(x.alpha.min()) == pytest.approx(1e-3, rel=1e-2)


def test_a_collapse_is_told_and_nothing_becomes_nan():
    y = clusters(batch=1)
    y[0, 0] = 100.0  # alone
    start = guess(y, 3)
    start.mean[0, 0], start.covariance[0, 0] = 100.0, 0.1 * torch.eye(2)
    start.mean[0, 1] = 1e6  # nobody's
    data = GaussianMixture(y)
    found = solve(EM(), data, start, max_iter=100, energies=True)
    assert all(bool(torch.isfinite(leaf).all()) for leaf in leaves(found.state))
    assert float(found.energies.diff(dim=0).max()) <= 1e-9
    assert data.collapsed(found.state.q).tolist() == [[True, True, False]]


def test_points_that_are_all_the_same_are_refused():
    with pytest.raises(ValueError, match="differ from each other"):
        GaussianMixture(torch.ones(1, 5, 2))


def test_priors_and_data_without_hidden_variables_are_refused():
    y = clusters(each=2)
    with pytest.raises(TypeError, match="EM needs a data term alone, got 1 prior"):
        EM().init(GaussianMixture(y) + L1(), guess(y, 2))
    with pytest.raises(TypeError, match="EM needs a data term with `expect`"):
        EM().init(Energy(L1()), y)


def test_the_m_step_can_be_a_network():
    class Nearer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.share = torch.nn.Parameter(torch.tensor(0.5, dtype=torch.float64))

        def forward(self, data, q, x):
            return type(x)(*(a + self.share * (b - a) for a, b in zip(x, data.maximise(q, x))))

    y = clusters(each=10)
    net = Unroll(EM(Nearer()), depth=3, tied=True)
    net(GaussianMixture(y), guess(y, 2)).mean.sum().backward()
    assert float(net.stages[0].step.network.share.grad.abs()) > 0
