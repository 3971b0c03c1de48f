"""ADMM-Net: born as classical ADMM, and the authors' formulas to the letter."""

import pytest
import torch
from torch.testing import assert_close

from minimand import ADMM, LeastSquares, Unroll
from minimand.operators import Convolution, Fourier, Gradient
from minimand.operators.sampling import cartesian, radial
from minimand.reconstruction.admm_net import ADMMNet, LearnedADMM, Reconstruction
from minimand.reconstruction.phantoms import phantom
from minimand.terms import L1, L21, PiecewiseLinear, SquaredL2

R, C = torch.float64, torch.complex128


def scan(size=(24, 20), batch=1, rate=0.4, dtype=R):
    """A data term of phantoms and the phantoms."""
    images = torch.stack([phantom(size, torch.Generator().manual_seed(k)) for k in range(batch)]).to(dtype)
    A = Fourier(radial(size, rate), real=not dtype.is_complex)
    return LeastSquares(A, A(images)), images


def stirred(net, scale=0.1, seed=0):
    """The network with every number moved at random, some penalties below zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in net.parameters():
            p += scale * torch.randn(p.shape, dtype=p.dtype, generator=generator)
        net.unrolled.stages[0].step.reconstruct.rho[2] = -0.03
    return net


@pytest.mark.parametrize("depth", [1, 9, 17])
def test_a_stage_has_952_numbers_and_the_last_layer_72(depth):
    assert sum(p.numel() for p in ADMMNet(depth).parameters()) == 952 * depth + 72


def test_untrained_it_is_classical_admm():
    data, _ = scan()
    start = data.A.adjoint(data.y) * 0
    prior = (0.2 * (PiecewiseLinear(8, threshold=0.05, reach=1.0) @ Convolution(8, 3))).double()
    classical = Unroll(ADMM(0.2, 1.6).double(), prior, depth=5)
    net = ADMMNet(4, normalise=False).double()
    for learned, state in zip(net.trace(data), classical.trace(data, start), strict=True):
        assert_close(learned, state.x, rtol=1e-6, atol=1e-7)


def test_with_the_threshold_on_the_grid_it_is_admm_on_the_l1_norm():
    data, _ = scan()
    D = Convolution(8, 3).double()
    curve = PiecewiseLinear(8, threshold=0.06, reach=1.0).double()
    learned = Unroll(LearnedADMM(Convolution(8, 3)).double(), curve @ D, depth=5)
    classical = Unroll(ADMM(0.2, 1.6).double(), (0.2 * 0.06 * L1() @ D).double(), depth=5)
    start = torch.zeros_like(data.A.adjoint(data.y))
    assert_close(learned(data, start), classical(data, start), rtol=1e-5, atol=1e-6)


def formulas(net, P, y):
    """Section 1.2 of the specification in unnormalised transforms: y = P F(im), filters padded and rolled."""
    height, width = P.shape

    def response(bank):
        padded = torch.zeros(8, height, width, dtype=R)
        padded[:, :3, :3] = bank.filters
        return torch.fft.fft2(padded.roll((-1, -1), (-2, -1)))

    def reconstruct(layer, target):
        H, rho = response(layer.H), layer.rho.reshape(-1, 1, 1)
        below = P + (rho.abs() * H.abs() ** 2).sum(0)
        return torch.fft.ifft2((y + (rho * H.conj() * torch.fft.fft2(target)).sum(0)) / below).real

    def curve(v, values):
        k = ((v + 1) / 0.02).floor().clamp(0, 99).long()
        left, right = values.gather(1, k.flatten(1)).view_as(v), values.gather(1, (k + 1).flatten(1)).view_as(v)
        inside = left + (right - left) * (v + 1 - 0.02 * k.double()) / 0.02
        low, high = v + 1 + values[:, :1, None], v - 1 + values[:, -1:, None]
        return torch.where(v < -1, low, torch.where((v + 1) / 0.02 >= 100, high, inside))

    z = beta = torch.zeros(8, height, width, dtype=R)
    for stage in net.unrolled.stages:
        x = reconstruct(stage.step.reconstruct, z - beta)
        c = torch.fft.ifft2(response(stage.prior[0].operator) * torch.fft.fft2(x)).real
        z = curve(c + beta, stage.prior[0].term.values)
        beta = beta + stage.step.eta * (c - z)
    return reconstruct(net.unrolled.last, z - beta)


@pytest.mark.parametrize("size", [(24, 20), (15, 18), (16, 13)])
def test_it_computes_the_authors_formulas(size):
    data, images = scan(size)
    net = stirred(ADMMNet(3, normalise=False).double())
    P = data.A.mask
    with torch.no_grad():
        assert_close(net(data)[0], formulas(net, P, P * torch.fft.fft2(images[0])), rtol=1e-8, atol=1e-9)


def test_scaling_k_space_scales_the_image():
    data, _ = scan(batch=2)
    net = stirred(ADMMNet(2).double())
    scale = torch.tensor([1e-6, 3e4], dtype=R).reshape(2, 1, 1)
    with torch.no_grad():
        assert_close(net(LeastSquares(data.A, scale * data.y)), scale * net(data), rtol=1e-9, atol=1e-12)
        assert not torch.allclose(stirred(ADMMNet(2, normalise=False).double())(data), net(data))


def test_an_image_of_zeros_stays_zero():
    data, _ = scan()
    x = ADMMNet(2).double()(LeastSquares(data.A, torch.zeros_like(data.y)))
    assert not x.any()


@pytest.mark.parametrize("size", [(8, 8), (31, 17), (16, 40), (5, 64)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64, R, C])
def test_any_size_real_or_complex(size, dtype):
    data, images = scan(size, batch=2, dtype=dtype)
    net = ADMMNet(2)
    x = (net if dtype in (torch.float32, torch.complex64) else net.double())(data)
    assert x.shape == images.shape
    assert x.dtype == dtype
    assert torch.isfinite(x).all()


def test_a_batch_is_its_items_one_by_one():
    data, _ = scan(batch=3)
    net = stirred(ADMMNet(2).double())
    with torch.no_grad():
        together = net(data)
        for k in range(3):
            alone = net(LeastSquares(data.A, data.y[k : k + 1]))
            assert_close(together[k : k + 1], alone, rtol=1e-11, atol=1e-12)


def test_real_and_imaginary_part_are_reconstructed_alike():
    """A point-symmetric mask measures one by one what the network then treats one by one."""
    data, images = scan(batch=2)
    A = Fourier(data.A.mask)
    net = stirred(ADMMNet(2, normalise=False).double())
    with torch.no_grad():
        x, parts = net(LeastSquares(A, A(torch.complex(images[:1], images[1:])))), net(data)
    assert_close(x, torch.complex(parts[:1], parts[1:]), rtol=1e-9, atol=1e-9)


def test_other_sampling_than_radial():
    images = torch.rand(1, 12, 16, dtype=R)
    A = Fourier(cartesian((12, 16), 0.4, seed=0), real=True)
    assert torch.isfinite(ADMMNet(2).double()(LeastSquares(A, A(images)))).all()


def test_it_learns_one_example():
    data, image = scan(dtype=torch.float32)
    net = ADMMNet(3)
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (net(data) - image).norm() / image.norm()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.35 * losses[0]
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in net.parameters())


def test_its_gradients_are_right():
    """gradcheck in random directions, with curves so wide that no sample is outside."""
    data, _ = scan((6, 5))
    net = stirred(ADMMNet(2, filters=3, normalise=False).double(), scale=0.02)
    names = [name for name, _ in net.named_parameters()]

    def run(y, *numbers):
        return torch.func.functional_call(net, dict(zip(names, numbers)), (LeastSquares(data.A, y),))

    numbers = [p.detach().requires_grad_() for p in net.parameters()]
    assert torch.autograd.gradcheck(run, (data.y.requires_grad_(), *numbers), fast_mode=True)


def test_the_trace_shows_every_stage():
    data, _ = scan()
    net = ADMMNet(3).double()
    images = net.trace(data)
    assert len(images) == 4
    assert torch.equal(images[-1], net(data))


def test_a_look_inside():
    inside = ADMMNet(3).look_inside()
    assert inside.filters.shape == (3, 8, 3, 3)
    assert inside.curves.shape == (3, 8, 101)
    assert inside.grid.shape == (101,)
    assert not inside.filters.requires_grad


def test_a_stage_refuses_what_it_cannot_do():
    data, _ = scan()
    x = torch.zeros(1, 24, 20, dtype=R)
    for step in (LearnedADMM(Convolution(8, 3)), Reconstruction(Convolution(8, 3))):
        with pytest.raises(TypeError, match="exactly one prior"):
            step.init(data + L21() @ Gradient() + L1(), x)
        with pytest.raises(TypeError, match="Reconstruction needs a data term that can minimise"):
            step.init(SquaredL2() + L1() @ Convolution(8, 3), x)
