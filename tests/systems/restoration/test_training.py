"""The task of denoising: bfloat16 is an approximation, not another loss."""

import torch
from torch.testing import assert_close

from minimand.reconstruction.denoisers import DnCNN
from minimand.systems.restoration.training import Denoise


def test_bfloat16_changes_the_loss_by_rounding_alone_and_keeps_the_numbers_single():
    picture = 255 * torch.rand(40, 40, generator=torch.Generator().manual_seed(0))
    net = DnCNN(4, 16)
    exact, rounded = (Denoise([picture], [], (25.0, 25.0), 2, (24, 24), 0, half).loss(net, 0) for half in (False, True))
    assert_close(rounded, exact, rtol=1e-2, atol=0)
    assert rounded != exact
    rounded.backward()
    assert {p.grad.dtype for p in net.parameters()} == {torch.float32}
