"""ADMM-CSNet: laws first."""

import pytest
import torch
from torch import Tensor

from minimand import ADMM, LeastSquares, Unroll, solve
from minimand.operator import Operator
from minimand.operators import Fourier, Matrix
from minimand.reconstruction.admm_csnet import (
    ADMMCSNet,
    GradientReconstruction,
    LearnedProximalADMM,
    Reconstruction,
)
from minimand.term import Term
from minimand.terms import ShrinkageField


class Free(Term):
    """No prior at all: its prox is the identity."""

    def prox(self, v: Tensor, t: Tensor | float) -> Tensor:
        return v


def measured(*, real: bool = False, batch: int = 2, dtype: torch.dtype = torch.float64) -> LeastSquares:
    mask = torch.rand(9, 8, generator=torch.Generator().manual_seed(3)) < 0.5
    A = Fourier(mask, real=real)
    kind = dtype if real else torch.complex128
    return LeastSquares(A, A(torch.randn(batch, 9, 8, dtype=kind)))


def net(**options: object) -> ADMMCSNet:
    found = ADMMCSNet(2, filters=3, size=3, gain=1.0, **options)  # type: ignore[arg-type]
    with torch.no_grad():
        for p in found.parameters():
            p += 0.1 * torch.randn_like(p)
    return found.double()


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("free", [True, False])
def test_untrained_unroll_is_eight_iterations_of_solve(real: bool, free: bool) -> None:
    data, prior = measured(real=real), ShrinkageField(3, 3).double()
    step = LearnedProximalADMM(GradientReconstruction() if free else Reconstruction(), free=free).double()
    start = torch.zeros_like(data.A.adjoint(data.y))
    x = Unroll(step, prior, depth=8)(data, start)
    assert torch.equal(x, solve(step, data + prior, start, max_iter=8, tol=0.0).x)


@pytest.mark.parametrize("real", [True, False])
def test_without_its_second_bank_it_is_admm_with_the_identity_as_prox(real: bool) -> None:
    data = measured(real=real)
    start = torch.zeros_like(data.A.adjoint(data.y))
    admm = solve(ADMM(rho=0.1).double(), data + Free(), start, max_iter=4, tol=0.0).state
    step = LearnedProximalADMM(Reconstruction()).double()
    learned = solve(step, data + ShrinkageField(3, 3, gain=0.0).double(), start, max_iter=4, tol=0.0).state
    torch.testing.assert_close(learned.x, admm.x, rtol=1e-6, atol=1e-8)  # rho is stored in single precision
    torch.testing.assert_close(learned.u, admm.u[0], rtol=1e-6, atol=1e-8)


def coisometry() -> Operator:
    rows = torch.linalg.qr(torch.randn(12, 7, dtype=torch.float64))[0].T
    return Matrix(rows)


def test_the_gradient_form_is_the_minimiser_where_a_is_a_coisometry() -> None:
    data = measured()
    one, other = Reconstruction().double(), GradientReconstruction().double()
    state = one.init(data + Free(), torch.randn(2, 9, 8, dtype=torch.complex128))
    with torch.no_grad():
        other.v.copy_(1 / (1 + one.rho))
    energy = data + Free()
    torch.testing.assert_close(other(energy, state).x, one(energy, state).x)


@pytest.mark.parametrize("free", [True, False])
def test_a_batch_is_its_items(free: bool) -> None:
    data, whole = measured(batch=3), net(free=free)
    alone = [whole(LeastSquares(data.A, data.y[k : k + 1])) for k in range(3)]
    torch.testing.assert_close(whole(data), torch.cat(alone))


def test_scaling_the_measurement_scales_the_image() -> None:
    data, whole = measured(), net()
    torch.testing.assert_close(whole(LeastSquares(data.A, 1000 * data.y)), 1000 * whole(data))


def test_a_consistent_image_keeps_what_was_measured() -> None:
    data = measured()
    x = net(consistent=True)(data)
    torch.testing.assert_close(data.A(x), data.y)


def test_the_trace_ends_in_the_image() -> None:
    data, whole = measured(), net(consistent=True)
    images = whole.trace(data)
    assert len(images) == 3
    assert torch.equal(images[-1], whole(data))


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize("real", [True, False])
def test_gradients_are_right_through_two_stages(free: bool, real: bool) -> None:
    data, whole = measured(real=real, batch=1), net(free=free, normalise=False, scale=10.0)
    names, values = zip(*whole.named_parameters(), strict=True)

    def run(*numbers: Tensor) -> Tensor:
        x: Tensor = torch.func.functional_call(whole, dict(zip(names, numbers, strict=True)), (data,))
        return torch.view_as_real(x) if x.is_complex() else x

    assert torch.autograd.gradcheck(run, tuple(v.detach().requires_grad_() for v in values))


def test_tied_stages_are_one() -> None:
    one, own = (sum(p.numel() for p in ADMMCSNet(5, tied=t).parameters()) for t in (True, False))
    assert own - 1 == 5 * (one - 1)


def test_learns_one_image() -> None:
    data = measured(real=True, batch=1)
    truth, whole = torch.randn(1, 9, 8, dtype=torch.float64), ADMMCSNet(3, filters=8, size=3).double()
    data = LeastSquares(data.A, data.A(truth))
    optimizer, losses = torch.optim.Adam(whole.parameters(), 1e-2), []
    for _ in range(150):
        optimizer.zero_grad()
        loss = (whole(data) - truth).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.1 * losses[0]


def test_refuses_what_it_cannot_handle() -> None:
    energy = ShrinkageField(3, 3) + Free()
    with pytest.raises(TypeError, match="a data term that can minimise"):
        Reconstruction().init(energy, torch.zeros(1, 4, 4))
    with pytest.raises(TypeError, match="a data term with a gradient"):
        GradientReconstruction().init(energy, torch.zeros(1, 4, 4))


def test_a_look_inside_shows_the_filters_that_weigh_most() -> None:
    net = ADMMCSNet(3, filters=20, size=5)
    prior = net.unrolled.stages[1].prior[0]
    with torch.no_grad():
        prior.synthesis[7] *= 100
        prior.values[7] += 1
    inside = net.look_inside()
    assert inside.filters.shape == (3, 16, 5, 5)
    assert inside.curves.shape == (3, 16, 101)
    assert inside.total == 20
    assert torch.equal(inside.filters[1, 0], prior.analysis[7, 0])
    assert torch.equal(inside.curves[1, 0], prior.values[7])
    assert not inside.filters.requires_grad


def test_a_look_inside_shows_both_parts_of_complex_filters_and_tied_stages_once() -> None:
    net = ADMMCSNet(4, filters=20, size=3, complex_filters=True, tied=True)
    inside = net.look_inside()
    assert inside.filters.shape == (1, 16, 3, 3)
    assert inside.curves.shape == (1, 8, 101)
