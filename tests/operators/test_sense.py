"""The multi-coil operator beyond the laws."""

import pytest
import torch
from torch.testing import assert_close

from minimand import LeastSquares
from minimand.operators import Fourier, Gradient, Identity, Sense

C = torch.complex128


def drawn(*shape):
    return torch.randn(*shape, dtype=C)


def test_each_coil_sees_the_image_through_its_map():
    mask, maps, x = torch.rand(5, 6) < 0.5, drawn(1, 3, 5, 6), drawn(2, 5, 6)
    y = Sense(mask, maps)(x)
    for coil in range(3):
        assert_close(y[:, coil], Fourier(mask)(maps[:, coil] * x))


def test_one_coil_of_unit_sensitivity_is_the_plain_transform():
    mask, x = torch.rand(5, 6) < 0.5, drawn(2, 5, 6)
    assert_close(Sense(mask, torch.ones(1, 1, 5, 6, dtype=C))(x)[:, 0], Fourier(mask)(x))


def test_several_sets_of_maps_are_summed():
    mask, maps, x = torch.rand(5, 6) < 0.5, drawn(1, 2, 3, 5, 6), drawn(2, 2, 5, 6)
    apart = [Sense(mask, maps[:, k])(x[:, k]) for k in range(2)]
    assert_close(Sense(mask, maps)(x), apart[0] + apart[1])


def test_everything_sampled_with_normalised_maps_has_the_closed_form():
    maps = drawn(1, 3, 5, 6)
    maps = maps / maps.abs().square().sum(1, keepdim=True).sqrt()
    A, y, v = Sense(torch.ones(5, 6, dtype=torch.bool), maps), drawn(2, 3, 5, 6), drawn(2, 2, 5, 6)
    assert A.tight == pytest.approx(1)
    x = LeastSquares(A, y).minimise([(Gradient(), v, 0.3)], drawn(2, 5, 6))
    partial = Sense(torch.ones(5, 6, dtype=torch.bool), maps)
    partial.tight = None
    iterated = LeastSquares(partial, y, tol=1e-12).minimise([(Gradient(), v, 0.3)], drawn(2, 5, 6))
    assert_close(x, iterated, rtol=1e-9, atol=1e-9)


def test_the_x_update_is_differentiable():
    A, v = Sense(torch.rand(4, 3) < 0.6, drawn(1, 2, 4, 3)), drawn(1, 4, 3).requires_grad_()
    rho = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    data = LeastSquares(A, A(drawn(1, 4, 3)), tol=1e-12)
    assert torch.autograd.gradcheck(
        lambda v, rho: data.minimise([(Identity(), v, rho)], torch.zeros_like(v)), (v, rho), atol=1e-5
    )


@pytest.mark.parametrize(
    ("mask", "maps", "said"),
    [
        (torch.ones(4, 6) > 0, drawn(2, 4, 6), r"\(batch or 1, coil, height, width\), got .* shape \(2, 4, 6\)"),
        (torch.ones(4, 6) > 0, drawn(1, 2, 6, 4), r"maps of \(6, 4\) pixels and a mask of \(4, 6\)"),
    ],
)
def test_maps_and_masks_that_do_not_fit_are_refused(mask, maps, said):
    with pytest.raises(ValueError, match=said):
        Sense(mask, maps)


def test_images_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"takes images of \(4, 6\) pixels, got x of shape \(1, 6, 4\)"):
        Sense(torch.ones(4, 6) > 0, drawn(1, 2, 4, 6))(drawn(1, 6, 4))
