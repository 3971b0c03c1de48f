"""The networks in real arithmetic equal the networks themselves, at any size."""

import pytest
import torch

from minimand.operators import Fourier
from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.admm_net import ADMMNet
from minimand.reconstruction.denoisers import DnCNN, FoE
from minimand.reconstruction.networks import load_network
from minimand.reconstruction.phantoms import phantom
from minimand.reconstruction.portable import PortableDenoiser, PortableMRI
from minimand.terms import LeastSquares

SIZES = [(16, 16), (15, 22), (24, 17)]
NETS = {
    "admm-net": lambda: ADMMNet(3),
    "admm-net as it comes": lambda: ADMMNet(2, filters=5, size=5, normalise=False),
    "admm-csnet": lambda: ADMMCSNet(2, filters=6),
    "admm-csnet, circular": lambda: ADMMCSNet(2, filters=4, size=3, circular=True, open_ends=True, tied=True),
    "admm-csnet, free": lambda: ADMMCSNet(2, filters=4, free=True, consistent=True, normalise=False, scale=0.5),
}


def jostled(net):
    """The network with all of its numbers moved, some penalties below zero."""
    generator = torch.Generator().manual_seed(3)
    net = net.double().requires_grad_(False).eval()
    for name, value in net.named_parameters():
        value.add_(0.05 * torch.randn(value.shape, generator=generator, dtype=value.dtype))
        if name.endswith("rho") and value.ndim:
            value[0] = -0.01
    return net


def kspace_of(size, *, real):
    generator = torch.Generator().manual_seed(sum(size))
    x = torch.rand(2, *size, generator=generator, dtype=torch.float64)
    x = x if real else torch.complex(x, torch.rand(2, *size, generator=generator, dtype=torch.float64))
    mask = torch.rand(size, generator=generator) < 0.5
    mask[0, 0] = True  # filters of mean zero do not see it: what is there would be rounding
    return mask * torch.fft.fft2(x, norm="ortho"), mask


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("name", NETS)
def test_networks_for_k_space_are_equal_in_real_arithmetic(name, real, size):
    net = jostled(NETS[name]())
    y, mask = kspace_of(size, real=real)
    wanted = net(LeastSquares(Fourier(mask, real=real), y))
    found = PortableMRI(net, real=real)(torch.stack([y.real, y.imag], 1), mask)
    found = found[:, 0] if real else torch.complex(found[:, 0], found[:, 1])
    torch.testing.assert_close(found, wanted, rtol=1e-8, atol=1e-8 * float(wanted.abs().max()))


@pytest.mark.parametrize("name", ["admm-net", "admm-csnet-chest", "admm-csnet-cartesian"])
def test_shipped_networks_are_equal_in_double_precision(name):
    """On images: of white noise ADMM-Net's steep curves make 1e-7 out of rounding, on some processors."""
    net = load_network(name)[0].double()
    generator = torch.Generator().manual_seed(44)
    x = torch.stack([phantom((20, 24), generator) for _ in range(2)]).double()
    mask = torch.rand((20, 24), generator=generator) < 0.5
    mask[0, 0] = True
    y = mask * torch.fft.fft2(x, norm="ortho")
    noise = torch.randn(y.shape, dtype=x.dtype, generator=generator)
    wanted, moved = (net(LeastSquares(Fourier(mask, real=True), y * (1 + d * noise))) for d in (0, 1e-13))
    found = PortableMRI(net, real=True)(torch.stack([y.real, y.imag], 1), mask)[:, 0]
    assert (found - wanted).abs().max() < 1e-7 * wanted.abs().max()
    assert (found - wanted).abs().max() < (moved - wanted).abs().max()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("net", [FoE(3, 6, 3), FoE(2, 4, 5, shared=True), DnCNN(3, 4)], ids=["foe", "shared", "dncnn"])
def test_denoisers_are_equal(net, size):
    net = net.requires_grad_(False).eval()
    y, sigma = torch.rand(2, *size), torch.tensor([0.1, 0.04])
    torch.testing.assert_close(PortableDenoiser(net)(y, sigma), net(y, sigma), rtol=1e-5, atol=1e-6)
