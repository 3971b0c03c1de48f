"""Proximal Dehaze-Net: untrained it is the classical algorithm; trained, it learns; saved, it comes back."""

import json

import pytest
import torch
from torch.testing import assert_close

from minimand import Unroll, solve
from minimand.io import InputError
from minimand.steps import HazeSplitting
from minimand.systems.dehazing.classical import dark_channel_prior
from minimand.systems.dehazing.dehaze import dehaze
from minimand.systems.dehazing.methods import get_method, network_method
from minimand.systems.dehazing.network import SHRINKAGE, ProximalDehaze, deepen, load_network
from minimand.systems.dehazing.priors import Correction, Guided
from minimand.terms import Haze, SquaredL2
from minimand.weights import save_weights


def hazy(batch=2, high=50, wide=61):
    return 0.3 + 0.6 * torch.rand(batch, 3, high, wide)


def start(P):
    return P, torch.ones_like(P[:, 0])


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_untrained_it_is_the_solver_with_classical_priors(depth):
    P, net = hazy(), ProximalDehaze(depth)
    energy = Haze(P, net.window) + SHRINKAGE * SquaredL2() + Guided()
    found = solve(HazeSplitting(alpha=0.05), energy, start(P), max_iter=depth, tol=0.0).x
    made = net(P).x
    assert all(torch.equal(a, b) for a, b in zip(made, found, strict=True))


def test_one_step_with_the_dark_channel_at_zero_is_the_dark_channel_method():
    I = hazy(1)
    seen = dark_channel_prior(I, omega=1.0, window=15, radius=12, eps=1e-3)
    P = I / seen.A[..., None, None]
    energy = Haze(P, 15) + 1e9 * SquaredL2() + Guided(12, 1e-3)
    T = solve(HazeSplitting(alpha=1e-9), energy, start(P), max_iter=1, tol=0.0).x[1]
    assert_close(T, seen.T, atol=1e-5, rtol=0)


def test_the_guided_filter_needs_a_picture_to_go_by():
    with pytest.raises(TypeError, match="without a picture to go by"):
        Guided().prox(torch.rand(1, 5, 6), 1.0)


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (17, 30)])
def test_a_correction_takes_any_size_and_is_nothing_at_birth(size):
    v, P = torch.rand(2, *size), torch.rand(2, 3, *size)
    assert torch.equal(Correction(4)(v, P), v)


def test_every_number_has_a_gradient_that_is_right():
    """gradcheck in double precision on a few numbers of every kind, through one stage."""
    torch.manual_seed(2)
    net = ProximalDehaze(1, width=2, window=3).double()
    for p in net.parameters():
        p.data += 0.05 * torch.randn_like(p)
    P = hazy(1, 5, 7).double()
    names = [name for name, p in net.named_parameters() if p.numel() <= 2]
    assert {name.split(".")[-1] for name in names} == {
        "log_alpha",
        "log_beta",
        "log_gamma",
        "log_weight",
        "bias",
        "weight",
    }
    values = [dict(net.named_parameters())[name].detach().clone().requires_grad_() for name in names]

    def run(*numbers):
        state = torch.func.functional_call(net, dict(zip(names, numbers, strict=True)), (P,))
        return (*state.x, state.U)

    assert torch.autograd.gradcheck(run, values, atol=1e-5)


def test_a_deeper_network_repeats_the_last_stage():
    one, three = ProximalDehaze(1, width=3), ProximalDehaze(3, width=3)
    for p in one.parameters():
        p.data += 0.01
    deepen(three, one)
    P, states = hazy(), one.state_dict()
    assert torch.equal(three.unrolled.trace(Haze(P, 5), start(P))[0].U, one(P).U)
    assert torch.equal(three.state_dict()["unrolled.stages.2.step.log_beta"], states["unrolled.stages.0.step.log_beta"])
    assert isinstance(three.unrolled, Unroll)


def test_weights_come_back_as_a_method(tmp_path):
    net, path = ProximalDehaze(2, width=3), tmp_path / "mine.safetensors"
    card = {"name": "mine", "network": "proximal-dehaze", "arguments": {"depth": 2, "width": 3}}
    save_weights(path, card, net.state_dict())
    I = hazy(1)[0]
    method, told = get_method("proximal-dehaze", str(path))
    assert told["name"] == "mine"
    assert torch.equal(dehaze(I, method).J, dehaze(I, network_method(net)).J)


def test_weights_that_do_not_fit_are_told(tmp_path):
    net, path = ProximalDehaze(1, width=3), tmp_path / "mine.safetensors"
    save_weights(path, {"network": "proximal-dehaze", "arguments": {"depth": 2, "width": 3}}, net.state_dict())
    with pytest.raises(InputError, match="numbers and card do not fit together"):
        load_network(str(path))
    save_weights(path, {"network": "admm-net", "arguments": {}}, net.state_dict(), force=True)
    with pytest.raises(InputError, match="is admm-net, not proximal-dehaze"):
        load_network(str(path))
    with pytest.raises(InputError, match="takes no weights"):
        get_method("dark-channel", str(path))
    assert json.loads(path.with_suffix(".json").read_text())["network"] == "admm-net"


def test_research_weights_come_from_their_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIMAND_RESEARCH", str(tmp_path))
    with pytest.raises(InputError, match="none is in weights-research"):
        get_method("proximal-dehaze", "research")
    card = {"name": "mine", "network": "proximal-dehaze", "arguments": {"depth": 1}, "terms": "research"}
    save_weights(tmp_path / "mine.safetensors", card, ProximalDehaze(1).state_dict())
    assert get_method("proximal-dehaze", "research")[1]["name"] == "mine"
