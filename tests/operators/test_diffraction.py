"""Coded diffraction beyond the laws."""

import pytest
import torch
from torch.testing import assert_close

from minimand.operators import Diffraction
from minimand.operators.diffraction import random_diffraction


def test_it_is_the_transform_behind_the_plate():
    A = random_diffraction((4, 6), 0.5, seed=0)
    x = torch.randn(2, 4, 6)
    assert_close(A(x), (torch.fft.fft2(A.plate * x) / 24**0.5).flatten(1)[:, A.picks])


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (1, 1), (1, 5)])
def test_zero_frequency_is_always_measured(size):
    A = random_diffraction(size, 0.2, seed=3)
    assert A.picks[0] == 0
    assert len(A.picks) == max(1, round(0.2 * size[0] * size[1]))


def test_on_real_images_the_adjoint_takes_the_real_part():
    whole, real = (random_diffraction((5, 6), 0.4, seed=0, real=r) for r in (False, True))
    y = torch.randn(2, 12, dtype=torch.complex64)
    assert_close(real.adjoint(y), whole.adjoint(y).real)


def test_only_the_complex_map_has_orthonormal_rows():
    y = torch.randn(1, 12, dtype=torch.complex64)
    whole, real = (random_diffraction((5, 6), 0.4, seed=0, real=r) for r in (False, True))
    assert (whole.coisometry, real.coisometry) == (1.0, None)
    assert_close(whole(whole.adjoint(y)), y)
    assert (real(real.adjoint(y)) - y).norm() > 0.1 * y.norm()


def test_the_eigenvalues_of_the_real_map_lie_inside():
    """Why conjugate gradients are fast: (sqrt(r/2) -+ sqrt((1 - r)/2))^2 bound them as the image grows."""
    A = random_diffraction((24, 24), 0.2, seed=0, real=True)
    normal = A.double().adjoint(A(torch.eye(576, dtype=torch.float64).reshape(576, 24, 24))).reshape(576, 576)
    values = torch.linalg.eigvalsh((normal + normal.T) / 2)
    seen = values[values > 1e-4]
    assert len(seen) in (230, 229)  # a real and an imaginary part for each pick
    assert float(seen.min()) > 0.07
    assert float(seen.max()) < 0.93


def test_a_plate_that_is_no_phase_is_refused():
    with pytest.raises(ValueError, match="unit modulus"):
        Diffraction(torch.full((2, 2), 2 + 0j), torch.tensor([0]))


def test_complex_and_misfit_images_are_refused():
    A = random_diffraction((4, 6), 0.5, seed=0, real=True)
    with pytest.raises(ValueError, match="takes real images"):
        A(torch.zeros(1, 4, 6, dtype=torch.complex64))
    with pytest.raises(ValueError, match="images of 4x6 pixels"):
        A(torch.zeros(1, 6, 4))
