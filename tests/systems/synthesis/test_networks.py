"""The networks have the published sizes and start as published."""

import pytest
import torch

from minimand.systems.synthesis.networks import Discriminator, Generator


def numbers(net):
    return sum(p.numel() for p in net.parameters())


def test_at_the_published_width_they_have_the_published_numbers():
    assert (numbers(Generator(64, 9)), numbers(Discriminator(64))) == (11_365_633, 2_762_689)


@pytest.mark.parametrize("size", [(32, 32), (36, 64)])
def test_images_keep_their_size_and_lie_between_minus_one_and_one(size):
    x = torch.randn(2, 1, *size)
    y = Generator(4, 1)(x)
    assert y.shape == x.shape
    assert float(y.detach().abs().max()) <= 1


def test_a_judge_sees_patches_of_70_pixels():
    judge, x = Discriminator(2), torch.randn(1, 1, 160, 160, requires_grad=True)
    layers = [layer for layer in judge if not isinstance(layer, torch.nn.InstanceNorm2d)]  # those see everything
    torch.nn.Sequential(*layers)(x)[0, 0, 9, 9].backward()
    rows = x.grad[0, 0].abs().sum(1).nonzero()
    assert int(rows.max() - rows.min()) + 1 == 70


def test_weights_are_born_small_and_offsets_nought():
    net = Generator(16, 4)
    weights = torch.cat([p.detach().flatten() for name, p in net.named_parameters() if name.endswith("weight")])
    assert float(weights.std()) == pytest.approx(0.02, rel=0.02)
    assert all(float(p.detach().abs().max()) == 0 for name, p in net.named_parameters() if name.endswith("bias"))
