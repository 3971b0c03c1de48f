"""The updates of the haze energy solve what they say, in double precision."""

import pytest
import torch
from torch.testing import assert_close

from minimand import Unroll, solve
from minimand.kernels.dark_channel import dark_channel, pick, put_back
from minimand.steps import HazeSplitting
from minimand.terms import Haze, SquaredL2
from minimand.terms.haze import hazy_example

FREE = 1e-14 * SquaredL2()  # a prior that leaves everything as it is


@pytest.fixture(autouse=True)
def double_precision():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def P():
    return hazy_example(2, torch.Generator().manual_seed(3))


def elsewhere(P):
    """A state that is no fixed point."""
    Q, T = 0.2 + 0.5 * torch.rand_like(P), 0.3 + 0.5 * torch.rand_like(P[:, 0])
    return HazeSplitting.State((Q, T), 0.1 * torch.rand_like(T))


@pytest.mark.parametrize("exact", [False, True])
def test_U_and_T_are_where_the_energy_has_no_slope(P, exact):
    step, data = HazeSplitting(0.7, 3.0, gamma=2.0, exact=exact), Haze(P, 3)
    old = elsewhere(P)
    new = step(data + FREE + FREE, old)

    def energy(Q, T, U):
        near = (U - dark_channel(old.x[0], 3)[0]).square().flatten(1).sum(1)
        return (data.misfit(Q, T, U, step.alpha, step.beta) + step.gamma / 2 * near).sum()

    U = new.U.detach().requires_grad_()
    (slope,) = torch.autograd.grad(energy(*old.x, U), U)
    assert float(slope.abs().max()) < 1e-10
    T = new.x[1].detach().requires_grad_()
    (slope,) = torch.autograd.grad(energy(old.x[0], T, new.U), T)
    assert float(slope.abs().max()) < 1e-5  # 1e-6 stands in the denominator


def test_the_exact_Q_solves_its_normal_equation(P):
    step, old = HazeSplitting(0.7, 3.0, gamma=2.0, exact=True), elsewhere(P)
    (Q, T), U = step(Haze(P, 3) + FREE + FREE, old)
    places, wide = dark_channel(old.x[0], 3)[1], T[:, None]
    slope = step.alpha * wide * (Q * wide + 1 - wide - P) + step.gamma * put_back(pick(Q, places) - U, places, 3)
    assert float(slope.detach().abs().max()) < 1e-5


def test_the_usual_Q_solves_the_haze_equation_where_light_comes_through(P):
    Q, T = HazeSplitting()(Haze(P, 3) + FREE + FREE, elsewhere(P)).x
    assert_close((Q * T[:, None] + 1 - T[:, None])[T[:, None].expand_as(P) > 0.1], P[T[:, None].expand_as(P) > 0.1])


def test_the_first_stage_sees_the_dark_channel_of_the_hazy_picture(P):
    """With T = 1 and Q = P: U is D(P), and so T stays 1 (specification, sec. 2)."""
    step, problem = HazeSplitting(), Haze(P, 3) + FREE + FREE
    new = step(problem, step.init(problem, (P, torch.ones_like(P[:, 0]))))
    assert_close(new.U, dark_channel(P, 3)[0])
    assert_close(new.x[1], torch.ones_like(new.U), atol=1e-4, rtol=0)


def test_an_unrolled_network_has_numbers_of_its_own_in_every_stage(P):
    net = Unroll(HazeSplitting(), [0.5 * SquaredL2(), 0.02 * SquaredL2()], depth=3)
    state = net.run(Haze(P, 3), (P, torch.ones_like(P[:, 0])))
    (state.x[1].sum() + state.U.sum()).backward()
    assert len(list(net.parameters())) == 15
    assert all(p.grad is not None and bool(p.grad != 0) for p in net.parameters())


def test_one_prior_is_not_enough(P):
    with pytest.raises(TypeError, match="HazeSplitting needs Haze and two priors with a prox, got Haze and 1 priors"):
        solve(HazeSplitting(), Haze(P, 3) + FREE, (P, P[:, 0]))
