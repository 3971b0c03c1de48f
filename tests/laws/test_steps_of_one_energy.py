"""What steps promise that take energies of one kind only, each on its own example, in double precision.

The general steps are held to the same in test_steps.py, on problems whose minimisers are known.
"""

import pytest
import torch
from torch.func import functional_call
from torch.testing import assert_close

from minimand import LeastSquares, Unroll, solve
from minimand.algebra import leaves, rebuild
from minimand.operators import Identity
from minimand.term import Composed
from minimand.terms import SquaredL2

OWN = True  # read by conftest.py
BATCH = 3


def problem(step, batch=BATCH, seed=1):
    energy, x = step.example(batch, torch.Generator().manual_seed(seed))
    return energy, x


def unrolled(step, energy, depth, **options):
    return Unroll(step, [Composed(g, D) for g, D in energy.priors], depth=depth, **options)


def moved(x):
    """The start a little elsewhere, within what the step takes: the mean with the next item's."""
    return rebuild(x, [0.5 * (leaf + leaf.roll(1, 0)) if leaf.is_floating_point() else leaf for leaf in leaves(x)])


def same(a, b):
    return all(torch.equal(v, w) for v, w in zip(leaves(a), leaves(b), strict=True))


@pytest.mark.parametrize("kind", ["untied", "tied", "checkpointed", "last"])
def test_an_untrained_network_is_the_solver_exactly(step, kind):
    options = {"tied": {"tied": True}, "checkpointed": {"checkpoint": 3}, "last": {"last": step}}.get(kind, {})
    energy, x = problem(step)
    net = unrolled(step, energy, 7 if kind == "last" else 8, **options)
    found = solve(step, energy, moved(x), max_iter=8, tol=0.0).x
    assert same(net(energy.data, moved(x)), found)
    assert same(net.trace(energy.data, moved(x))[-1].x, found)


def test_it_moves(step):
    energy, x = problem(step)
    assert not same(solve(step, energy, moved(x), max_iter=1, tol=0.0).x, moved(x))


def test_it_stops_where_it_stands_still(step):
    energy, x = problem(step)
    found = solve(step, energy, x, max_iter=3000, tol=1e-9)
    assert bool(found.converged.all())
    after = step(energy.given(found.x), found.state)
    for a, b in zip(leaves(after), leaves(found.state), strict=True):
        assert_close(a, b, rtol=1e-6, atol=1e-6)


def test_a_batch_is_its_items_one_by_one(step):
    energy, x = problem(step)
    together = solve(step, energy, x, max_iter=40, tol=1e-4)
    for k in range(BATCH):
        item = slice(k, k + 1)
        alone = solve(step, energy.items(item), rebuild(x, [v[item] for v in leaves(x)]), max_iter=40, tol=1e-4)
        for a, b in zip(leaves(together.x), leaves(alone.x), strict=True):
            assert_close(a[item], b, rtol=1e-9, atol=1e-9)
        assert together.iterations[k] == alone.iterations[0]


def test_going_on_from_a_state_is_not_stopping(step):
    energy, x = problem(step)
    half = solve(step, energy, moved(x), max_iter=2, tol=0.0)
    whole = solve(step, energy, moved(x), max_iter=5, tol=0.0)
    assert same(solve(step, energy, half.state, max_iter=3, tol=0.0).state, whole.state)


def test_a_step_changes_nothing_in_place(step):
    energy, x = problem(step)
    state = solve(step, energy, moved(x), max_iter=1, tol=0.0).state
    before = [leaf.clone() for leaf in leaves(state)]
    step(energy.given(state[0]), state)
    assert all(torch.equal(a, b) for a, b in zip(leaves(state), before, strict=True))


def test_gradients_of_two_steps_are_right(step):
    """gradcheck with respect to the numbers of the steps and those of the priors."""
    energy, x = problem(step, batch=2)
    net = unrolled(step, energy, 2)
    names = [name for name, _ in net.named_parameters()]
    start = rebuild(x, [leaf[:1] for leaf in leaves(moved(x))])
    data = energy.items(slice(0, 1)).data
    numbers = [p.detach().requires_grad_() for p in net.parameters()]
    if not numbers:
        return  # nothing can be learned

    def run(*values):
        return tuple(leaves(functional_call(net, dict(zip(names, values)), (data, start))))

    assert torch.autograd.gradcheck(run, tuple(numbers), atol=1e-6)


def test_an_energy_of_another_kind_is_refused(step):
    y = torch.randn(2, 5, 4)
    with pytest.raises(TypeError, match=f"{type(step).__name__} needs"):
        step.init(LeastSquares(Identity(), y) + SquaredL2() + SquaredL2(), y)
