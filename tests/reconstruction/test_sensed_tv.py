"""Total variation of compressive measurements."""

import pytest
import torch
from torch.testing import assert_close

from minimand.metrics import psnr
from minimand.operators.sensing import parse_operator
from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.methods import apply_network
from minimand.reconstruction.sensed_tv import sensed_total_variation
from minimand.terms import LeastSquares


def blocks():
    x = torch.full((1, 32, 33), 0.2)
    x[:, 4:20, 6:25], x[:, 12:28, 15:30] = 0.9, 0.5
    return x


@pytest.mark.parametrize("spec", ["hadamard:0.4", "diffraction:0.4", "structural:0.4", "orthogonal:0.4"])
def test_a_piecewise_constant_image_is_found(spec):
    x = blocks()
    A = parse_operator(spec, (32, 33))
    found = sensed_total_variation(LeastSquares(A, A(x)))
    assert found.dtype == torch.float32
    assert float(psnr(found, x, peak=1.0)) > 35


def test_scaling_the_measurement_scales_the_image():
    A = parse_operator("hadamard:0.4", (32, 33))
    y = A(blocks())
    one, many = (sensed_total_variation(LeastSquares(A, f * y)) for f in (1.0, 1000.0))
    assert_close(many, 1000 * one, rtol=1e-2, atol=1.0)


def test_a_measurement_of_nothing_gives_nothing():
    A = parse_operator("diffraction:0.4", (16, 16))
    assert not sensed_total_variation(LeastSquares(A, A(torch.zeros(1, 16, 16)))).any()


def test_a_network_for_grey_levels_is_fed_grey_levels():
    A = parse_operator("hadamard:0.4", (16, 16))
    net = ADMMCSNet(1, filters=2, free=True, normalise=False, scale=255.0)
    y = A(torch.rand(2, 16, 16))
    assert_close(apply_network(net, LeastSquares(A, y)), net(LeastSquares(A, 255 * y)).detach() / 255)
