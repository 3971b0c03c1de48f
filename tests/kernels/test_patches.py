"""Patches taken and added up: the loops against torch's indexing."""

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels.patches import add_up, add_up_reference, take, take_reference

CORNERS = torch.tensor([[[0, 0], [2, 4], [4, 6], [2, 4]], [[1, 1], [3, 0], [0, 5], [4, 2]]])  # some wrap around


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_loops_do_what_indexing_does(dtype):
    x, p = torch.randn(2, 5, 7, dtype=dtype), torch.randn(2, 4, 9, dtype=dtype)
    assert torch.equal(take(x, CORNERS, 3), take_reference(x, CORNERS, 3))
    assert_close(add_up(p, CORNERS, 5, 7), add_up_reference(p, CORNERS, 5, 7))
    assert torch.equal(take(x, CORNERS, 3)[0, 1, 3:6], x[0, 3, 4:7])


def test_torch_knows_the_operators():
    x, p = (torch.randn(s, dtype=torch.float64, requires_grad=True) for s in ((2, 5, 7), (2, 4, 9)))
    torch.library.opcheck(torch.ops.minimand.take_patches.default, (x, CORNERS, 3))
    torch.library.opcheck(torch.ops.minimand.add_up_patches.default, (p, CORNERS, 5, 7))
