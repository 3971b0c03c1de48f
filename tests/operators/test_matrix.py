"""A matrix is what it is."""

import torch
from torch.testing import assert_close

from minimand.operators import Matrix


def test_it_multiplies_and_its_adjoint_conjugates():
    M = torch.randn(3, 4, dtype=torch.complex128)
    x, y = torch.randn(2, 4, dtype=torch.complex128), torch.randn(2, 3, dtype=torch.complex128)
    assert_close(Matrix(M)(x)[0], M @ x[0])
    assert_close(Matrix(M).adjoint(y)[0], M.mH @ y[0])
    assert list(Matrix(M).state_dict()) == ["matrix"]
