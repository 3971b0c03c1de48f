"""Structurally random sensing beyond the laws."""

import pytest
import torch
from scipy.fft import dctn
from torch.testing import assert_close

from minimand.operators import StructuredRandom
from minimand.operators.structured import random_structured


def test_it_is_the_cosine_transform_of_the_signed_image():
    A = random_structured((5, 8), 0.5, seed=0)
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    cosines = torch.from_numpy(dctn((A.signs * x).numpy(), axes=(1, 2), norm="ortho"))
    assert_close(A(x), cosines.flatten(1)[:, A.picks], rtol=1e-12, atol=1e-12)


def test_signs_that_are_none_are_refused():
    with pytest.raises(ValueError, match="1 or -1"):
        StructuredRandom(torch.zeros(2, 2, dtype=torch.int8), torch.tensor([0]))
