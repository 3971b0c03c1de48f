"""Learning without truth: what was not measured has no part in it, for any operator."""

import math

import pytest
import torch
from torch.testing import assert_close

from minimand.learning import fit
from minimand.operators import Fourier, Turn
from minimand.operators.fourier import mirror
from minimand.operators.hadamard import random_hadamard
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.networks import make, rate
from minimand.reconstruction.self_supervised import (
    SEEN,
    Parts,
    SelfSupervised,
    heldout_error,
    heldout_score,
    random_rows,
)
from minimand.terms import LeastSquares

SIZE = (16, 16)


def fourier():
    return Fourier(parse_mask("random:0.5", SIZE, seed=1), real=True)


def hadamard():
    return random_hadamard(SIZE, 0.5, seed=0)


def points(data, generator):
    """Symmetric, so that no held-out point can be told from what is seen."""
    drawn = torch.rand(len(data.y), *SIZE, generator=generator)
    seen = drawn + mirror(drawn) < 1.2
    return Parts(seen, ~seen)


SPLITS = [(fourier, points), (hadamard, random_rows)]


def task(scans, split, seed=0):
    return SelfSupervised([scans], heldout_score([scans.items(slice(0, 2))], split, 2), split, 2, seed)


def small(free=False):
    torch.manual_seed(0)
    return make("admm-csnet", {"depth": 2, "filters": 4, "size": 3, **({"free": True} if free else {})})


class ZeroFilled(torch.nn.Module):
    """What a network is asked, and the image of what is seen."""

    def forward(self, data):
        self.asked = data
        return data.A.adjoint(data.y)


@pytest.mark.parametrize(("operator", "split"), SPLITS)
def test_what_was_not_measured_changes_nothing(operator, split, heads):
    A, x = operator(), heads(4, SIZE)
    hidden = torch.randn(4, *SIZE)
    unmeasured = Fourier(~(A.mask | mirror(A.mask)), real=True).normal if isinstance(A, Fourier) else None
    hidden = unmeasured(hidden) if unmeasured else hidden - A.normal(hidden)
    assert float(A(hidden).abs().max()) < 1e-5
    assert float(hidden.norm()) > 1
    losses = []
    for images in (x, x + hidden):
        made, net = task(LeastSquares(A, A(images)), split), small()
        losses.append([float(made.loss(net, step).detach()) for step in range(3)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize(("operator", "split"), SPLITS)
def test_the_network_sees_nothing_of_what_it_is_judged_by(operator, split, heads):
    A = operator()
    data, net = LeastSquares(A, A(heads(2, SIZE))), ZeroFilled()
    parts = split(data, torch.Generator().manual_seed(0))
    error = heldout_error(net, data, parts)
    assert not bool((net.asked.y * ~parts.seen).any())
    held = LeastSquares(A, torch.where(parts.seen, data.y, 7 * data.y))
    other = ZeroFilled()
    heldout_error(other, held, parts)
    assert torch.equal(other.asked.y, net.asked.y)
    x = A.selected(parts.seen).adjoint(data.y * parts.seen)
    wrong, right = (((t * ~parts.seen).flatten(1).abs()) for t in (A(x) - data.y, data.y))
    l1, l2 = (wrong.norm(p, dim=1) / right.norm(p, dim=1) for p in (1, 2))
    assert_close(error, (l1 + l2) / 2)


@pytest.mark.parametrize(("operator", "split"), SPLITS)
def test_the_truth_has_no_error_and_turns_change_nothing(operator, split, heads):
    A, x = operator(), heads(2, SIZE)
    data = LeastSquares(A, A(x))
    parts = split(data, torch.Generator().manual_seed(0))
    turn = Turn(down=True, transpose=True)

    class Oracle(torch.nn.Module):
        def forward(self, data):
            return turn.adjoint(x)

    assert float(heldout_error(Oracle(), data, parts, turn).max()) < 1e-5
    straight, turned = heldout_error(ZeroFilled(), data, parts), heldout_error(ZeroFilled(), data, parts, turn)
    assert_close(straight, turned)


def test_weights_count_where_something_is_held_out():
    A, y = fourier(), torch.zeros(1, *SIZE, dtype=torch.complex64)
    y[0, :2, 3] = torch.tensor([3.0, 4.0])
    seen = torch.ones(1, *SIZE, dtype=torch.bool)
    seen[0, :2, 3] = False
    weight = torch.ones(1, *SIZE)
    weight[0, 1, 3] = 0

    class Half(torch.nn.Module):
        def forward(self, data):
            return torch.zeros(1, *SIZE)

    assert float(heldout_error(Half(), LeastSquares(A, y), Parts(seen, ~seen, weight))) == pytest.approx(1)
    judge = heldout_score([LeastSquares(A, y)], lambda data, generator: Parts(seen, ~seen, weight), 1)
    assert judge(Half()) == pytest.approx(0, abs=1e-6)


def test_steps_depend_on_seed_and_step_and_draw_from_every_group(heads):
    A, net = hadamard(), small()
    scans = LeastSquares(A, A(heads(4, SIZE)))
    other = LeastSquares(fourier(), fourier()(heads(4, SIZE)))
    made = SelfSupervised([scans, other], lambda net: 0.0, random_rows, 2, 0)
    first = [float(made.loss(net, step).detach()) for step in range(6)]
    assert first == [float(made.loss(net, step).detach()) for step in range(6)]
    assert len(set(first)) == 6
    seen = ZeroFilled()
    shapes = {(made.loss(seen, step), seen.asked.y.shape)[1] for step in range(12)}
    assert shapes == {(2, 128), (2, *SIZE)}


@pytest.mark.parametrize(("operator", "split"), SPLITS)
def test_the_parts_add_up_to_the_mean(operator, split, heads):
    A, net = operator(), small()
    scans = LeastSquares(A, A(heads(2, SIZE)))
    made = SelfSupervised([scans], lambda net: 0.0, split, 2, 0)
    expected = heldout_error(net, scans, split(scans, torch.Generator().manual_seed(0))).mean()
    assert_close(sum(made.parts(net)), expected)


def test_rows_are_drawn_one_by_one():
    data = LeastSquares(hadamard(), torch.zeros(50, 128))
    seen = random_rows(data, torch.Generator().manual_seed(0)).seen
    assert float(seen.float().mean()) == pytest.approx(SEEN, abs=0.02)


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize(("operator", "split"), SPLITS)
def test_training_predicts_what_is_held_out_better(operator, split, free, heads):
    A, net = operator(), small(free)
    made = task(LeastSquares(A, A(heads(4, SIZE))), split)
    before = made.validate(net)
    assert math.isfinite(before)
    done = fit(net, made, steps=20, full=1, rate=lambda name: 2 * rate("admm-csnet", name), every=10)
    assert done.best > before + 0.2
