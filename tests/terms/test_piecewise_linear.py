"""The learned curve as a term."""

import pytest
import torch
from torch.testing import assert_close

from minimand.terms import L1, PiecewiseLinear


@pytest.mark.parametrize("t", [1.0, 0.25, torch.tensor(3.0)])
def test_it_is_born_as_the_l1_norm(t):
    """To the letter where the threshold is a control point."""
    curve, v = PiecewiseLinear(threshold=0.4, reach=2.0, points=21), 5 * torch.randn(2, 3, 7)
    assert_close(curve.prox(v, t), (0.4 * L1()).prox(v, t), rtol=1e-5, atol=1e-6)


def test_off_the_grid_it_is_near():
    curve, v = PiecewiseLinear(threshold=0.05, reach=1.0), torch.linspace(-2, 2, 1001).reshape(1, 1, -1)
    assert (curve.prox(v, 1.0) - (0.05 * L1()).prox(v, 1.0)).abs().max() <= 0.25 * 0.02 + 1e-6


def test_every_channel_has_its_curve():
    curve = PiecewiseLinear(2, threshold=0.5, reach=1.0, points=5)
    with torch.no_grad():
        curve.values[1] = 0
    x = curve.prox(torch.full((1, 2, 3, 3), 0.75), 1.0)
    assert_close(x[0, 0], torch.full((3, 3), 0.25))
    assert_close(x[0, 1], torch.zeros(3, 3))


def test_it_acts_on_real_and_imaginary_part_alike():
    curve, v = PiecewiseLinear(3, threshold=0.4, reach=1.0, points=21), torch.randn(2, 3, 4, 5, dtype=torch.complex64)
    p = curve.prox(v, 1.0)
    assert_close(p.real, curve.prox(v.real.contiguous(), 1.0))
    assert_close(p.imag, curve.prox(v.imag.contiguous(), 1.0))


@pytest.mark.parametrize("wrong", [{"threshold": 2.0, "reach": 1.0}, {"threshold": 0.0}, {"points": 2}])
def test_curves_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="PiecewiseLinear needs"):
        PiecewiseLinear(**wrong)
