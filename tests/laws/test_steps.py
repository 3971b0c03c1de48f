"""What every step promises, in double precision: known minimisers, honest refusals, one object for solver and network.

The problems are small energies whose minimisers are known in closed form. A step is held to those that it accepts, and
must accept one.
"""

import inspect
import re
from copy import deepcopy

import pytest
import torch
from torch.func import functional_call
from torch.testing import assert_close

import minimand.steps
from minimand import LeastSquares, Unroll, solve
from minimand.algebra import leaves
from minimand.energy import Energy
from minimand.operators import Convolution, Gradient, Identity, Matrix
from minimand.step import Step
from minimand.term import Term
from minimand.terms import L1, L21, PiecewiseLinear, SquaredL2, soft_threshold

BATCH = 3


class Huber(Term):
    """A data term with a value and a gradient only."""

    def forward(self, x):
        return torch.nn.functional.huber_loss(x, torch.zeros_like(x), reduction="none").flatten(1).sum(1)


def ridge():
    """Ridge regression: (M^T M + w I) x = M^T y."""
    M, y, w = torch.randn(6, 4) / 4, torch.randn(BATCH, 6), 0.5
    x = torch.linalg.solve(M.T @ M + w * torch.eye(4), M.T @ y.T).T
    return LeastSquares(Matrix(M), y, tol=1e-13), w * SquaredL2(), x


def shifted():
    """Soft thresholding where nothing is thresholded away: smooth at the minimiser, so that descent gets there, too."""
    y = (torch.rand(BATCH, 2, 3) + 1) * torch.randn(BATCH, 2, 3).sign()
    return LeastSquares(Identity(), y), 0.3 * L1(), y - 0.3 * y.sign()


def thresholded():
    """Soft thresholding by a curve, a prior that has nothing but a prox."""
    y = torch.randn(BATCH, 2, 3, dtype=torch.complex128)
    parts = [soft_threshold(part, 0.5) for part in (y.real, y.imag)]
    return LeastSquares(Identity(), y), PiecewiseLinear(threshold=0.5, reach=5.0, points=21), torch.complex(*parts)


def shrunk():
    """Shrinkage of complex vectors."""
    y = torch.randn(BATCH, 2, 2, 3, dtype=torch.complex128)
    length = y.abs().square().sum(1, keepdim=True).sqrt()
    return LeastSquares(Identity(), y), 0.9 * L21(), y * (1 - 0.9 / length).clamp_min(0)


SMOOTH, ROUGH = [ridge, shifted], [thresholded, shrunk]


def accepts(step, energy, x):
    try:
        step.init(energy, x)
    except TypeError:
        return False
    return True


def accepted(step, problems):
    """(data, prior, minimiser) of the problems that the step handles."""
    made = [problem() for problem in problems]
    return [(d, g, x) for d, g, x in made if accepts(step, Energy(d) + g, x)]


def needs_proxes(step):
    return not accepts(step, Energy(Huber()), torch.zeros(1, 4))


def suited(step):
    """The problems whose minimiser the step reaches: all that it accepts, the smooth ones for a descent."""
    return accepted(step, SMOOTH + ROUGH if needs_proxes(step) else SMOOTH)


def test_it_is_whole_and_has_specimens(step_class):
    assert not inspect.isabstract(step_class)
    assert step_class.specimens()


def test_it_solves_a_problem_with_a_known_minimiser(step):
    problems = suited(step)
    assert problems
    for data, prior, minimiser in problems:
        found = solve(step, data + prior, torch.zeros_like(minimiser), max_iter=3000, tol=1e-12)
        assert_close(found.x, minimiser, rtol=1e-9, atol=1e-9)


def test_a_known_minimiser_is_a_fixed_point(step):
    for data, prior, minimiser in suited(step):
        state = solve(step, data + prior, minimiser, max_iter=3000, tol=1e-12).state
        after = step((data + prior).given(minimiser), state)
        for a, b in zip(leaves(after), leaves(state), strict=True):
            if a.is_floating_point() or a.is_complex():
                assert_close(a, b, rtol=1e-9, atol=1e-9)
        assert_close(after[0], minimiser, rtol=1e-9, atol=1e-9)


def test_an_energy_it_refuses_names_a_step_that_works(step):
    y = torch.randn(BATCH, 4, 5)
    data, curve = LeastSquares(Identity(), y), PiecewiseLinear()
    energies = [
        (Energy(data), y),
        (data + L1() + SquaredL2(), y),
        (data + L21() @ Gradient(), y),
        (data + curve @ Convolution(8, 3), y),
        (Energy(Huber()), y),
        (Huber() + L1(), y),
        (Huber() + Huber(), y),
        (Huber() + L1() @ Gradient(), y),
    ]
    assert any(accepts(step, energy, x) for energy, x in energies)
    for energy, x in energies:
        if accepts(step, energy, x):
            assert torch.isfinite(solve(step, energy, x, max_iter=2).x).all()
            continue
        with pytest.raises(TypeError, match=r"use \w+") as refusal:
            step.init(energy, x)
        assert type(step).__name__ in str(refusal.value)
        for name in re.findall(r"\w+", str(refusal.value).split("; use ")[1].replace(" or ", " ")):
            other = getattr(minimand.steps, name)
            assert issubclass(other, Step)
            assert accepts(other(), energy, x), f"{name} was advised and refuses"


def test_an_energy_that_nobody_can_handle_is_refused_all_the_same(step):
    energy = Term() + PiecewiseLinear() @ Gradient()
    with pytest.raises(TypeError, match="no step can"):
        step.init(energy, torch.zeros(1, 4, 5))


@pytest.mark.parametrize("kind", ["untied", "tied", "checkpointed", "last"])
def test_an_untrained_network_is_the_solver_exactly(step, kind):
    options = {"tied": {"tied": True}, "checkpointed": {"checkpoint": 3}, "last": {"last": step}}.get(kind, {})
    for data, prior, minimiser in accepted(step, SMOOTH + ROUGH):
        start = torch.randn_like(minimiser)
        net = Unroll(step, prior, depth=7 if kind == "last" else 8, **options)
        x = solve(step, data + prior, start, max_iter=8, tol=0.0).x
        assert torch.equal(net(data, start), x)
        assert torch.equal(net.trace(data, start)[-1].x, x)


def test_the_network_leaves_the_caller_s_step_and_prior_alone(step):
    data, prior, minimiser = accepted(step, SMOOTH)[0]
    before = deepcopy(step.state_dict()), deepcopy(prior.state_dict())
    net = Unroll(step, prior, depth=2)
    (net(data, torch.zeros_like(minimiser)) - minimiser).abs().sum().backward()
    with torch.no_grad():
        for p in net.parameters():
            p.add_(1)
    for module, old in zip((step, prior), before):
        assert all(torch.equal(v, old[name]) for name, v in module.state_dict().items())
        assert all(p.grad is None for p in module.parameters())


def test_a_batch_is_its_items_one_by_one(step):
    for data, prior, minimiser in suited(step):
        start = torch.randn_like(minimiser) * torch.tensor([0.01, 1, 100]).reshape(-1, *(1,) * (minimiser.ndim - 1))
        together = solve(step, data + prior, start, max_iter=400, tol=1e-5)
        for k in range(BATCH):
            item = LeastSquares(data.A, data.y[k : k + 1], tol=1e-13)
            alone = solve(step, item + prior, start[k : k + 1], max_iter=400, tol=1e-5)
            assert_close(together.x[k : k + 1], alone.x, rtol=1e-11, atol=1e-11)
            assert together.iterations[k] == alone.iterations[0]
            assert bool(together.converged[k]) is bool(alone.converged[0]) is True


def test_a_finished_item_is_frozen(step):
    data, prior, minimiser = accepted(step, SMOOTH)[0]
    start = minimiser.clone()
    start[1:] += 1000
    first = solve(step, data + prior, start, max_iter=5000, tol=1e-6)
    assert first.iterations[0] < first.iterations[1:].min()
    k = int(first.iterations[0])
    early = solve(step, data + prior, start, max_iter=k, tol=1e-6)
    assert torch.equal(first.x[0], early.x[0])
    assert torch.equal(first.change[0], early.change[0])


def test_solving_builds_no_graph(step):
    data, prior, minimiser = accepted(step, SMOOTH)[0]
    data.y.requires_grad_()
    found = solve(step, data + prior, minimiser.requires_grad_(), max_iter=3, energies=True)
    tensors = [*leaves(found.state), found.energies, found.change]
    assert not any(v.requires_grad for v in tensors)


def test_going_on_from_a_state_is_not_stopping(step):
    for data, prior, minimiser in accepted(step, SMOOTH + ROUGH):
        start = torch.randn_like(minimiser)
        half = solve(step, data + prior, start, max_iter=4, tol=0.0)
        whole = solve(step, data + prior, start, max_iter=9, tol=0.0)
        for a, b in zip(leaves(solve(step, data + prior, half.state, max_iter=5, tol=0.0).state), leaves(whole.state)):
            assert torch.equal(a, b)


def test_a_network_goes_on_from_a_state(step):
    data, prior, minimiser = accepted(step, SMOOTH)[0]
    start = torch.randn_like(minimiser)
    short, long = Unroll(step, prior, depth=2), Unroll(step, prior, depth=4)
    assert torch.equal(short(data, short.run(data, start)), long(data, start))


def test_data_may_be_one_for_every_iteration(step):
    data, prior, minimiser = accepted(step, SMOOTH)[0]
    series = [LeastSquares(data.A, data.y * k, tol=1e-13) for k in (1.0, 2.0, -1.0)]
    state = step.init(series[0] + prior, torch.zeros_like(minimiser))
    with torch.no_grad():
        for term in series:
            state = step(term + prior, state)
    found = solve(step, [term + prior for term in series], torch.zeros_like(minimiser), max_iter=100, tol=0.0)
    assert torch.equal(found.x, state[0])
    assert found.iterations.tolist() == [3] * BATCH
    assert torch.equal(Unroll(step, prior, depth=3)(series, torch.zeros_like(minimiser)), state[0])


def test_a_step_changes_nothing_in_place(step):
    for data, prior, minimiser in accepted(step, SMOOTH + ROUGH):
        state = solve(step, data + prior, torch.randn_like(minimiser), max_iter=2, tol=0.0).state
        before = [leaf.clone() for leaf in leaves(state)]
        step(data + prior, state)
        assert all(torch.equal(a, b) for a, b in zip(leaves(state), before, strict=True))


def test_gradients_of_two_steps_are_right(step):
    """gradcheck with respect to the measurement, the numbers of the steps and those of the priors."""
    data, prior, minimiser = (accepted(step, [thresholded]) or accepted(step, SMOOTH))[0]
    data = LeastSquares(data.A, data.y[:1], tol=1e-13)
    net = Unroll(step, prior, depth=2)
    names = [name for name, _ in net.named_parameters()]

    def run(y, *numbers):
        x = functional_call(net, dict(zip(names, numbers)), (LeastSquares(data.A, y, tol=1e-13), minimiser[:1] + 0.1))
        return torch.view_as_real(x) if x.is_complex() else x

    numbers = [p.detach().requires_grad_() for p in net.parameters()]
    assert torch.autograd.gradcheck(run, (data.y.clone().requires_grad_(), *numbers), atol=1e-6)
