"""HyperAdam's step: identities with Adam, invariances, the formulas, one object for Step and compiled loops."""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from minimand import Energy, Term, Unroll, solve
from minimand.systems.optimizers import HyperAdamStep
from minimand.systems.optimizers.hyperadam import EPS, LEARNED_AT
from minimand.terms import L1, PiecewiseLinear


class Bowl(Term):
    """A mini-batch: half the squared distance to a point, with curvatures."""

    def __init__(self, target, curvature):
        super().__init__()
        self.target, self.curvature = target, curvature

    def forward(self, x):
        return 0.5 * (self.curvature * (x - self.target).square()).sum(1)


def bowls(count, p=7):
    curvature = torch.logspace(-2, 2, p, dtype=torch.float64)
    return [Bowl(torch.randn(p, dtype=torch.float64), curvature) for _ in range(count)]


def gradients(count=6, p=9, batch=2):
    scales = torch.logspace(-4, 1, p, dtype=torch.float64)
    return [scales * torch.randn(batch, p, dtype=torch.float64) for _ in range(count)]


def moves(rule, given):
    """The moves for gradients that are given."""
    memory, found = rule.remember(given[0]), []
    for g in given:
        move, memory = rule.update(g, memory)
        found.append(move.detach())
    return torch.stack(found)


@pytest.fixture
def rule(hyperadam):
    return hyperadam.double().requires_grad_(False)


def test_constant_gates_and_weights_are_adam():
    beta, gamma, b = 0.9, 0.999, 0.25
    rule = HyperAdamStep().double().requires_grad_(False)
    rates = torch.tensor([beta, gamma], dtype=torch.float64)
    rule.adam_cell.gates.b.copy_(rates.logit().repeat_interleave(20)[:, None])
    rule.weight_cell.linear.b.fill_(b)
    start, losses = torch.randn(1, 7, dtype=torch.float64), bowls(50)
    x = solve(rule, losses, start, max_iter=50, tol=0.0).x
    p = torch.nn.Parameter(start.clone())
    adam = torch.optim.Adam([p], lr=rule.rate * 20 * b, betas=(beta, gamma), eps=1e-12)
    for loss in losses:
        adam.zero_grad()
        loss(p).sum().backward()
        adam.step()
    assert_close(x, p.detach(), rtol=1e-9, atol=1e-9)


def test_it_is_born_as_the_mean_of_adams():
    rule, given = HyperAdamStep(), [torch.randn(1, 5) for _ in range(30)]
    beta, gamma = rule.adam_cell.gates.b.detach().sigmoid().chunk(2)
    assert beta.min() == pytest.approx(0.2, abs=1e-3)
    assert gamma.max() == pytest.approx(0.999, abs=1e-5)
    expected = 0
    for b, c in zip(beta[:, 0].tolist(), gamma[:, 0].tolist()):
        m = v = 0
        for g in given:
            m, v = b * m + (1 - b) * g, c * v + (1 - c) * g.square()
        expected = expected + m / (1 - b**30) / (v / (1 - c**30)).sqrt() / 20
    assert_close(rule.rate * moves(rule, given)[-1], 0.03 * expected, rtol=1e-3, atol=1e-6)


def test_cells_are_born_to_remember_1_to_100_steps_and_every_other_tells_the_time():
    rule = HyperAdamStep()
    with torch.no_grad():
        rule.state_cell.lstm.W.zero_()
    i, _, f, _ = rule.state_cell.lstm.b.detach().flatten().chunk(4)
    assert_close(1 / (1 - (f + 1).sigmoid()), 1 + torch.logspace(0, 2, 20), rtol=1e-4, atol=0)
    assert_close((f + 1).sigmoid() + i.sigmoid(), torch.ones(20))
    memory, states = rule.remember(torch.zeros(1, 1)), []
    for _ in range(30):
        with torch.no_grad():
            memory = rule.update(torch.ones(1, 1), memory)[1]
        states.append(memory.h[0, :, 0])
    assert bool((states[-1][::2] > states[0][::2]).all())
    assert bool((states[-1][1::2] == 0).all())


def test_the_first_move_is_the_sign_of_the_gradient(rule):
    g = gradients()[0]
    g[0, 0] = 0
    h, _ = rule.state_cell(g[:, None] / rule.norm(g[:, None]), *rule.remember(g)[:2])
    assert_close(moves(rule, [g])[0], g.sign() * rule.weight_cell(h).sum(1), rtol=1e-9, atol=1e-12)


def test_gradients_times_a_number_make_the_same_moves(rule):
    given = gradients()
    assert_close(moves(rule, [1000 * g for g in given]), moves(rule, given), rtol=1e-5, atol=1e-7)


def test_permuted_coordinates_make_permuted_moves(rule):
    given, order = gradients(), torch.randperm(9)
    assert_close(moves(rule, [g[:, order] for g in given]), moves(rule, given)[..., order])


def test_a_gradient_of_zeros_moves_nothing_and_is_a_number(rule):
    zeros = torch.zeros(1, 4, dtype=torch.float64)
    assert torch.equal(moves(rule, [zeros] * 3), torch.zeros(3, 1, 4, dtype=torch.float64))


@pytest.mark.parametrize("left_out", [True, False])
def test_the_same_coordinates_twice_change_nothing_where_the_size_is_left_out(hyperadam, left_out):
    rule, given = hyperadam.double(), gradients()
    rule.size_invariant = left_out
    difference = moves(rule, [g.repeat(1, 2) for g in given])[..., :9] - moves(rule, given)
    assert (float(difference.abs().max()) < 1e-9) is left_out


def test_it_agrees_with_the_formulas_of_the_reference(rule):
    """Section 1 of the specification in its own layout, (p, J), at the size where both norms are the same."""
    Wp, bp, Wl, bl, Wa, ba, Wq, bq = (p.detach().T for p in rule.parameters())
    given = [10 ** (3 * torch.rand(1, LEARNED_AT) - 3) * torch.randn(1, LEARNED_AT) for _ in range(3)]
    given = [g.double() for g in given]
    h = c = m = v = B = G = torch.zeros(LEARNED_AT, 20, dtype=torch.float64)

    def n(x):
        return x / (x.square().sum(0) + 1e-16).sqrt()

    for g, found in zip(given, moves(rule, given)):
        u = F.elu(n(g.T) @ Wp + bp)
        i, j, f, o = (torch.cat([u, h], 1) @ Wl + bl).chunk(4, 1)
        c = torch.sigmoid(f + 1) * c + torch.sigmoid(i) * torch.tanh(j)
        h = torch.sigmoid(o) * torch.tanh(c)
        beta, gamma = torch.sigmoid(torch.cat([n(h), n(m)], 1) @ Wa + ba).chunk(2, 1)
        m, v = beta * m + (1 - beta) * g.T, gamma * v + (1 - gamma) * g.T**2
        B, G = beta * B + (1 - beta), gamma * G + (1 - gamma)
        field = (m / (B + EPS)) / (v / (G + EPS) + EPS).sqrt()
        assert_close(found[0], (F.elu(h @ Wq + bq) * field).sum(1), rtol=1e-7, atol=1e-9)


def test_unrolled_it_is_the_solver(rule):
    losses, start = bowls(8), torch.randn(3, 7, dtype=torch.float64)
    found = solve(rule, losses, start, max_iter=8, tol=0.0).x
    assert torch.equal(Unroll(rule, depth=8)(losses, start), found)


def test_learners_of_a_batch_know_nothing_of_each_other(rule):
    given = gradients(batch=3)
    assert_close(moves(rule, given)[:, 1:2], moves(rule, [g[1:2] for g in given]))


def test_an_energy_without_a_gradient_is_refused():
    with pytest.raises(TypeError, match="needs the gradient of every term"):
        HyperAdamStep().init(Energy(L1()) + PiecewiseLinear(), torch.zeros(1, 4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["compiled", "torch"])
@pytest.mark.parametrize("p", [3, 63, 64, 5000])
def test_advancing_in_place_and_in_pieces_is_the_update(any_rule, dtype, p):
    rule, cut = any_rule.to(dtype).requires_grad_(False), p // 3
    memory = rule.remember(torch.zeros(2, p, dtype=dtype))
    pieces = [rule.remember(torch.zeros(2, n, dtype=dtype)) for n in (cut, p - cut)]
    error = {torch.float32: 2e-4, torch.float64: 1e-11}[dtype]
    for _ in range(4):
        g = 10 ** (4 * torch.rand(2, p, dtype=dtype) - 4) * torch.randn(2, p, dtype=dtype)
        move, memory = rule.update(g, memory)
        parts = rule.advance(list(zip(g.split([cut, p - cut], 1), pieces)))
        assert_close(torch.cat(parts, 1), move, rtol=error, atol=error)
    for part, first, second in zip(memory, *pieces):
        assert_close(torch.cat([first, second], -1), part, rtol=error, atol=error)
