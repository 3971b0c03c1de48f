"""The denoising networks: untrained they are the classical algorithm, and their gradients are the slide's."""

import pytest
import torch
from torch.testing import assert_close

from minimand import LeastSquares, Unroll, solve
from minimand.io import InputError
from minimand.operators import Convolution, Identity
from minimand.reconstruction.denoisers import NLRMRF, DnCNN, FoE, build, make, of_any_noise, reflected, suiting
from minimand.reconstruction.export import exportable
from minimand.steps import Descent
from minimand.terms import FieldOfExperts
from minimand.weights import Weights, save_weights


@pytest.fixture(autouse=True)
def double_precision():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_an_untrained_field_of_experts_is_gradient_descent_on_students_t():
    y, sigma = 10 * torch.randn(2, 9, 11), torch.tensor([2.0, 5.0])
    wide = reflected(y / sigma[:, None, None], 4)
    energy = LeastSquares(Identity(), wide) + FieldOfExperts(8, 3)
    x = solve(Descent(0.2), energy, wide, max_iter=5, tol=0.0).x
    for shared in (False, True):
        assert_close(FoE(5, 8, 3, shared=shared)(y, sigma), sigma[:, None, None] * x[:, 4:-4, 4:-4])


def test_the_energy_falls():
    y = 5 * torch.randn(3, 12, 10)
    energies = solve(
        Descent(0.2), LeastSquares(Identity(), y) + FieldOfExperts(8, 3), y, max_iter=40, tol=0.0, energies=True
    ).energies
    assert bool((energies.diff(dim=0) <= 0).all())


def test_one_kernel_is_filters_curves_and_filters():
    term, x = FieldOfExperts(5, 5, reach=4.0, points=7), 3 * torch.randn(2, 9, 8)
    bank = Convolution(5, 5)
    grid, z = torch.linspace(-4, 4, 7), bank(x)
    k = ((z.clamp(-4, 4) + 4) * 6 / 8).long().clamp(0, 5)
    values = term.values[0]  # born the same for every filter
    psi = values[k] + (values[k + 1] - values[k]) * (z.clamp(-4, 4) - grid[k]) * 6 / 8
    assert_close(term.grad(x), bank.adjoint(psi))


def test_back_propagation_by_hand_is_autograd():
    """v^n = v^{n+1} - eta H(x^n) v^{n+1}, and dL/dTheta = -eta sum_n <v^{n+1}, d grad E(x^n) / dTheta>."""
    y, truth, eta, depth = 3 * torch.randn(1, 7, 8), torch.randn(1, 7, 8), 0.1, 4
    net = Unroll(Descent(eta), FieldOfExperts(4, 3, reach=3.0, points=9), depth=depth, tied=True)
    term, data = net.stages[0].prior[0], LeastSquares(Identity(), y)
    states = [y, *(s.x.detach() for s in net.trace(data, y))]
    v = states[-1] - truth  # of L = 1/2 ||x - truth||^2
    numbers = list(term.parameters())
    total, rate = [torch.zeros_like(p) for p in numbers], torch.zeros(())
    for x in reversed(states[:-1]):
        x = x.clone().requires_grad_()
        gradient = data.grad(x) + term.grad(x)
        rate -= (v * gradient).sum().detach()
        back = torch.autograd.grad(gradient, [x, *numbers], v)  # the Hessian is symmetric
        total = [t - eta * g for t, g in zip(total, back[1:], strict=True)]
        v = v - eta * back[0]
    (0.5 * (net(data, y) - truth).square().sum()).backward()
    for p, t in zip(numbers, total, strict=True):
        assert_close(p.grad, t, rtol=1e-6, atol=1e-9)
    step = net.stages[0].step
    assert_close(step.log_rate.grad, eta * rate, rtol=1e-6, atol=1e-9)


def test_the_hessian_is_that_of_finite_differences():
    term, x = FieldOfExperts(2, 3, reach=2.0, points=5), torch.randn(1, 6, 5, requires_grad=True)
    assert torch.autograd.gradcheck(term.grad, x, eps=1e-7, atol=1e-5)


NETWORKS = {
    "foe": FoE(2, 8, 3), "nlr-mrf": NLRMRF(2, 9, 3), "local first": NLRMRF(2, 8, 3, local=1), "dncnn": DnCNN(3, 4)
}  # fmt: skip


@pytest.mark.parametrize("net", NETWORKS.values(), ids=NETWORKS)
def test_noise_is_the_unit_and_images_are_independent(net):
    net = net.double()
    y, sigma = 10 * torch.randn(2, 9, 7), torch.tensor([1.0, 4.0])
    x = net(y, sigma)
    assert_close(net(8 * y, 8 * sigma), 8 * x)
    assert_close(net(y[1:], sigma[1:]), x[1:])
    assert net(y[:, :1, :1], sigma).shape == (2, 1, 1)


def test_similar_pixels_are_found_in_what_steps_on_single_ones_leave():
    net, y, sigma = NLRMRF(3, 8, 3, local=2), 5 * torch.randn(1, 12, 11), torch.ones(1)
    torch.nn.init.normal_(net.unrolled.stages[0].prior[0].coefficients)
    wide = reflected(y, 4)
    data = LeastSquares(Identity(), wide)
    clean = net.before(data, wide)
    prior = net.unrolled.stages[0].prior[0].given(data, clean)
    x = solve(Descent(0.2), data + prior, clean, max_iter=1, tol=0.0).x
    assert_close(net(y, sigma), x[..., 4:-4, 4:-4])
    assert not torch.equal(prior.patches.corners, prior.given(data, wide).patches.corners)
    net(y, sigma).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    with pytest.raises(ValueError, match="of 3 steps 2 at most can look at single places, got local=3"):
        NLRMRF(3, 10, 3, local=3)


def test_reflection_continues_by_the_mirror_image_at_any_size():
    x = torch.arange(3.0).reshape(1, 1, 3)
    assert reflected(x, 4)[0, 0].tolist() == [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]


def test_the_nearest_noise_is_taken_and_of_two_that_learned_it_the_narrower(tmp_path):
    for name, sigma in [("narrow", 25), ("wide", [5, 60]), ("strong", 80.0)]:
        save_weights(tmp_path / f"{name}.safetensors", {"network": "foe", "arguments": {}, "sigma": sigma}, {})
    files = {path.stem: path for path in tmp_path.glob("*.safetensors")}
    chosen = {level: suiting("foe", level, files).stem for level in (3.0, 24.0, 25.0, 75.0)}
    assert chosen == {3.0: "wide", 24.0: "wide", 25.0: "narrow", 75.0: "strong"}
    assert of_any_noise(files) == "wide"
    assert of_any_noise({"narrow": files["narrow"]}) is None


def test_numbers_that_fit_no_network_are_refused():
    with pytest.raises(InputError, match="2 convolutions or more"):
        make("dncnn", {"depth": 1})
    with pytest.raises(InputError, match="no denoiser"):
        build(Weights("w", {"network": "admm-net", "arguments": {}}, {}))
    with pytest.raises(InputError, match="do not fit together"):
        build(Weights("w", {"network": "foe", "arguments": {"depth": 1}}, {}))


def test_what_searches_for_similar_pixels_is_not_exported(tmp_path):
    net = NLRMRF(1, 8, 3)
    card = {"network": "nlr-mrf", "arguments": {"depth": 1, "filters": 8, "size": 3}, "sigma": 25}
    save_weights(tmp_path / "w.safetensors", card, net.state_dict())
    with pytest.raises(InputError, match="export foe or dncnn"):
        exportable(str(tmp_path / "w.safetensors"))
