"""A part of what an operator measures."""

import pytest
import torch
from torch.testing import assert_close

from minimand.operators import Fourier, Selected, Sense, Turn
from minimand.operators.hadamard import random_hadamard


@pytest.mark.parametrize("mask", [(6, 5), (3, 6, 5)])
@pytest.mark.parametrize("keep", [1, 3])
def test_a_part_of_fourier_samples_is_a_fourier_operator(mask, keep):
    A, kept = Fourier(torch.rand(mask) < 0.6), torch.rand(keep, 6, 5) < 0.5
    x = torch.randn(3, 6, 5, dtype=torch.complex64)
    part = A.selected(kept)
    assert isinstance(part, Fourier)
    assert_close(part(x), kept * A(x))
    assert part.items(slice(0, 2))(x[:2]).shape == (2, 6, 5)


def test_a_part_of_other_measurements_stays_a_coisometry():
    A, kept = random_hadamard((8, 8), 0.5, seed=0), torch.rand(2, 32) < 0.5
    part = A.selected(kept)
    y = kept * torch.randn(2, 32)
    assert part.coisometry == 1.0
    assert_close(part(part.adjoint(y)), y)
    assert isinstance(part.selected(kept), Selected)
    assert isinstance((A @ Turn(down=True)).selected(kept).outer, Selected)
    assert_close(part.items(slice(1, 2)).adjoint(y[1:]), part.adjoint(y)[1:])


def test_a_part_of_several_coils_is_the_same_points_of_each():
    maps = torch.randn(1, 3, 6, 5, dtype=torch.complex64)
    A, kept = Sense(torch.rand(6, 5) < 0.6, maps), torch.rand(1, 1, 6, 5) < 0.5
    x = torch.randn(2, 6, 5, dtype=torch.complex64)
    assert_close(A.selected(kept)(x), kept * A(x))
