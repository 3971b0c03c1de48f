"""What solve, Unroll and Equilibrium do beyond the laws of every step (tests/laws/test_steps.py)."""

import pytest
import torch
from torch.func import functional_call
from torch.testing import assert_close

from minimand import ADMM, Descent, Equilibrium, LeastSquares, ProximalGradient, Unroll, solve
from minimand.operators import Convolution, Fourier, Gradient, Identity, Matrix
from minimand.step import Step
from minimand.term import Term
from minimand.terms import L1, L21, PiecewiseLinear, SquaredL2

R, C = torch.float64, torch.complex128


def mri(batch=2, size=(6, 5), dtype=C):
    """A small data term and its start."""
    mask = torch.rand(size) < 0.5
    mask[0, 0] = True
    A = Fourier(mask, real=dtype == R)
    y = A(torch.randn(batch, *size, dtype=dtype))
    return LeastSquares(A, y), A.adjoint(y)


def tv():
    return (0.1 * (L21() @ Gradient())).double()


class Guided(Term):
    """A quadratic around a guide that is fixed at the start: x drawn towards `given`'s x."""

    def __init__(self, guide=None):
        super().__init__()
        self.guide = guide

    def given(self, data, x):
        return Guided(x)

    def prox(self, v, t):
        return (v + t * self.guide) / (1 + t)


# ---------------------------------------------------------------------------------------------------------- solve


def test_solve_reports_what_it_did():
    data, start = mri()
    found = solve(ADMM(0.2), data + tv(), start, max_iter=300, tol=1e-6, energies=True)
    assert found.converged.all()
    assert (found.change <= 1e-6).all()
    assert found.energies.shape == (int(found.iterations.max()) + 1, 2)
    assert_close(found.energies[0], (data + tv())(start))
    assert_close(found.energies[-1], (data + tv())(found.x))
    assert (found.energies[-1] < found.energies[0]).all()


def test_energies_are_recorded_only_where_they_exist_and_are_asked_for():
    data, start = mri()
    assert solve(ADMM(0.2), data + tv(), start, max_iter=2).energies is None
    assert solve(ADMM(0.2), data + PiecewiseLinear(), start, max_iter=2, energies=True).energies is None


def test_a_start_that_is_the_fixed_point_of_x_alone_does_not_stop_admm():
    """From the zero-filled image the first x-update stays there and only z moves."""
    data, start = mri()
    assert solve(ADMM(0.2), data + tv(), start, max_iter=100, tol=1e-3).iterations.min() > 3


def test_divergence_is_said_in_the_result():
    y = torch.ones(2, 3, dtype=R)
    data = LeastSquares(Matrix(torch.diag(torch.tensor([1.0, 2.0, 40.0], dtype=R))), y * torch.tensor([[0.0], [1.0]]))
    found = solve(Descent(0.5), data, torch.zeros(2, 3, dtype=R), max_iter=500, tol=1e-8)
    assert found.converged.tolist() == [True, False]
    assert not torch.isfinite(found.change[1])
    assert found.iterations[1] < 500
    assert torch.equal(found.x[0], torch.zeros(3, dtype=R))


def test_no_iteration_at_all_is_the_start():
    data, start = mri()
    found = solve(ADMM(), data + tv(), start, max_iter=0)
    assert torch.equal(found.x, start)
    assert found.iterations.tolist() == [0, 0]
    assert not found.converged.any()


def test_an_empty_sequence_of_energies_is_refused():
    with pytest.raises(ValueError, match="at least one energy"):
        solve(Descent(), [], torch.zeros(1, 3))


def test_call_dependent_parts_are_fixed_at_the_start_by_all_three_loops():
    y, start = torch.zeros(1, 3, dtype=R), torch.full((1, 3), 4.0, dtype=R)
    data, step = LeastSquares(Identity(), y), ProximalGradient(1.0)
    expected = start / 2  # halfway between the measurement and the guide, after one step and for ever
    assert_close(solve(step, data + Guided(), start, max_iter=20).x, expected)
    assert_close(Unroll(step, Guided(), depth=5)(data, start), expected)
    assert_close(Equilibrium(step, Guided())(data, start), expected)


def test_single_precision_stays_single():
    data, start = mri()
    data = LeastSquares(data.A, data.y.to(torch.complex64))
    found = solve(ADMM(0.2), data + 0.1 * (L21() @ Gradient()), start.to(torch.complex64), max_iter=3, energies=True)
    assert found.x.dtype == torch.complex64
    assert found.energies.dtype == torch.float32


def test_one_penalty_for_each_filter_finds_the_same_minimiser():
    start = torch.randn(1, 6, 5, dtype=R)
    energy = LeastSquares(Identity(), start) + (0.05 * (L1() @ Convolution(8, 3))).double()
    plain = solve(ADMM(0.5).double(), energy, start, max_iter=500, tol=1e-10)
    step = ADMM(torch.linspace(0.2, 1.0, 8), torch.linspace(1.0, 1.4, 8)).double()
    various = solve(step, energy, start, max_iter=500, tol=1e-10)
    assert various.converged.all()
    assert_close(various.x, plain.x, rtol=1e-7, atol=1e-7)


# --------------------------------------------------------------------------------------------------------- Unroll


def test_every_stage_has_its_own_numbers_unless_tied():
    step, prior = ADMM(), 0.1 * (PiecewiseLinear() @ Convolution(8, 3))
    single = sum(p.numel() for p in (*step.parameters(), *prior.parameters()))
    assert sum(p.numel() for p in Unroll(step, prior, depth=5).parameters()) == 5 * single
    assert sum(p.numel() for p in Unroll(step, prior, depth=5, tied=True).parameters()) == single
    with_last = Unroll(step, prior, depth=5, last=step)
    assert sum(p.numel() for p in with_last.parameters()) == 5 * single + 2


def test_several_priors():
    data, start = mri()
    priors = [tv(), (0.05 * L1()).double()]
    x = solve(ADMM(0.3), data + priors[0] + priors[1], start, max_iter=4, tol=0.0).x
    assert torch.equal(Unroll(ADMM(0.3), priors, depth=4)(data, start), x)


def test_a_last_step_has_its_own_numbers_and_the_last_stage_s_prior():
    data, start = mri()
    net = Unroll(ADMM(0.3), tv(), depth=2, last=ADMM(5.0))
    states = net.trace(data, start)
    assert len(states) == 3
    assert torch.equal(net(data, start), ADMM(5.0)(data + net.stages[1].prior[0], states[1]).x)


@pytest.mark.parametrize("depth", [0, -1])
def test_a_network_has_at_least_one_stage(depth):
    with pytest.raises(ValueError, match="at least 1"):
        Unroll(ADMM(), depth=depth)


def test_as_many_data_terms_as_stages():
    data, start = mri()
    with pytest.raises(ValueError, match="3 stages and was given 2"):
        Unroll(ADMM(), tv(), depth=3)([data, data], start)


@pytest.mark.parametrize("every", [1, 2, 3, 10])
def test_checkpointing_changes_no_gradient(every):
    data, start = mri(dtype=R)
    step, prior = ADMM(0.3), 0.1 * (PiecewiseLinear(8) @ Convolution(8, 3))
    gradients = []
    for checkpoint in (None, every):
        net = Unroll(step, prior, depth=5, last=step, checkpoint=checkpoint).double()
        net(data, start).square().sum().backward()
        gradients.append([p.grad for p in net.parameters()])
    for a, b in zip(*gradients, strict=True):
        assert (a is None and b is None) or torch.equal(a, b)


def test_checkpointing_keeps_fewer_activations():
    data, start = mri(size=(32, 32), dtype=R)
    kept = {}
    for checkpoint in (None, 3):
        net = Unroll(
            ADMM(0.3), 0.1 * (PiecewiseLinear(8) @ Convolution(8, 3)), depth=12, checkpoint=checkpoint
        ).double()
        storages = {}

        def pack(tensor, storages=storages):
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            x = net(data, start)
        kept[checkpoint] = sum(storages.values())
        x.sum().backward()
    assert kept[3] < 0.5 * kept[None]


def test_gradients_through_two_complex_steps_from_k_space_to_image():
    """gradcheck with respect to the measured k-space, penalties, filters and curves of both stages."""
    data, start = mri(batch=1, size=(3, 4))
    prior = 0.1 * (PiecewiseLinear(2, threshold=0.5, reach=10.0, points=5) @ Convolution(2, 3))
    net = Unroll(ADMM(0.4, 1.3), prior, depth=2).double()
    names = [name for name, _ in net.named_parameters()]

    def run(y, *numbers):
        x = functional_call(net, dict(zip(names, numbers)), (LeastSquares(data.A, y), start))
        return torch.view_as_real(x)

    with torch.no_grad():
        for p in net.parameters():
            p += 0.01 * torch.randn_like(p)
    numbers = [p.detach().requires_grad_() for p in net.parameters()]
    assert torch.autograd.gradcheck(run, (data.y.requires_grad_(), *numbers), atol=1e-6)


# ---------------------------------------------------------------------------------------------------- Equilibrium


def equilibria():
    ridge = torch.randn(4, 3, dtype=R) / 3, torch.randn(2, 4, dtype=R)
    complex_data, complex_start = mri()
    return {
        "descent": (
            Descent(0.5),
            (0.3 * SquaredL2()).double(),
            LeastSquares(Matrix(ridge[0]), ridge[1]),
            ridge[1][:, :3],
        ),
        "complex ADMM": (ADMM(0.6), tv(), complex_data, complex_start),
        "learned ADMM": (
            ADMM(0.5), (0.1 * (PiecewiseLinear(8, threshold=0.5, reach=10.0, points=11) @ Convolution(8, 3))).double(),
            *mri(dtype=R),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["descent", "complex ADMM", "learned ADMM"])
def test_implicit_gradients_are_those_of_a_long_network(name):
    step, prior, data, start = equilibria()[name]
    target = torch.randn_like(start)
    networks = {
        "implicit": Equilibrium(step, prior, tol=1e-12, max_iter=1000).double(),
        "explicit": Unroll(step, prior, depth=500, tied=True).double(),
    }
    gradients = {}
    for kind, net in networks.items():
        y = data.y.clone().requires_grad_()
        loss = (net(LeastSquares(data.A, y), start) - target).abs().square().sum()
        gradients[kind] = torch.autograd.grad(loss, [y, *net.parameters()])
    whole = torch.stack([b.norm() for b in gradients["explicit"]]).norm()
    for a, b in zip(gradients["implicit"], gradients["explicit"], strict=True):
        assert (a - b).norm() <= 1e-6 * b.norm() + 1e-7 * whole  # that of a step length is zero in theory


def test_equilibrium_gradcheck():
    step, prior, data, start = equilibria()["descent"]
    net = Equilibrium(step, prior, tol=1e-13, max_iter=1000).double()
    names = [name for name, _ in net.named_parameters()]

    def run(y, *numbers):
        return functional_call(net, dict(zip(names, numbers)), (LeastSquares(data.A, y), start))

    numbers = [p.detach().requires_grad_() for p in net.parameters()]
    assert torch.autograd.gradcheck(run, (data.y.clone().requires_grad_(), *numbers), atol=1e-6)


def test_equilibrium_is_the_solver_s_fixed_point():
    step, prior, data, start = equilibria()["complex ADMM"]
    x = Equilibrium(step, prior, tol=1e-10, max_iter=1000)(data, start)
    assert_close(x, solve(step, data + prior, start, max_iter=1000, tol=1e-10).x, rtol=1e-7, atol=1e-7)
    with torch.no_grad():
        again = Equilibrium(step, prior, tol=1e-10, max_iter=1000)(data, start)
    assert not again.requires_grad
    assert_close(again, x, rtol=1e-9, atol=1e-9)


def test_equilibrium_keeps_one_step_whatever_the_iterations():
    kept = []
    for tol in (1e-2, 1e-12):
        step, prior, data, start = equilibria()["complex ADMM"]
        net, count = Equilibrium(step, prior, tol=tol, max_iter=1000), []
        with torch.autograd.graph.saved_tensors_hooks(lambda v, c=count: c.append(v) or v, lambda v: v):
            net(data, start)
        kept.append(len(count))
    assert kept[0] == kept[1]


def test_equilibrium_leaves_the_caller_s_step_alone():
    step, prior, data, start = equilibria()["complex ADMM"]
    net = Equilibrium(step, prior)
    net(data, start).abs().sum().backward()
    assert all(p.grad is not None for p in net.parameters() if p is not None)
    assert all(p.grad is None for p in (*step.parameters(), *prior.parameters()))


def test_a_step_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Step()
