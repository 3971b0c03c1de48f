"""The torch optimizers: as a drop-in for Adam, with its states, groups, closures and honest refusals."""

import warnings
from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from minimand.io import InputError
from minimand.systems.optimizers import DMoptimizer, HyperAdam, HyperAdamStep, RNNprop, RNNpropStep
from minimand.systems.optimizers.rules import load_rule


def network():
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))


def learn(net, optimizer, steps, seed=0):
    """Steps on random mini-batches; returns the losses."""
    generator, losses = torch.Generator().manual_seed(seed), []
    for _ in range(steps):
        x = torch.randn(32, 6, generator=generator)
        optimizer.zero_grad()
        loss = (net(x.to(net[0].weight.dtype)).float() - x.sum(1, keepdim=True)).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


@pytest.fixture
def optimizer_class(any_rule):
    return {"hyperadam": HyperAdam, "rnnprop": RNNprop, "dmoptimizer": DMoptimizer}[any_rule.name]


def same(a, b):
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters()))


def test_it_moves_the_parameters_as_the_step_does(any_rule, optimizer_class):
    net = network()
    start, optimizer = (
        nn.utils.parameters_to_vector(net.parameters()),
        optimizer_class(net.parameters(), weights=any_rule),
    )
    memory = any_rule.remember(start[None])
    x = start.detach()[None]
    for _ in range(3):
        g = torch.randn_like(x)
        for p, part in zip(net.parameters(), g[0].split([p.numel() for p in net.parameters()])):
            p.grad = part.reshape(p.shape).clone()
        optimizer.step()
        with torch.no_grad():
            move, memory = any_rule.update(g, memory)
        x = x - any_rule.rate * move
    assert_close(nn.utils.parameters_to_vector(net.parameters())[None], x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("half_memory", [False, True])
def test_a_resumed_run_is_the_whole_run_bit_for_bit(any_rule, optimizer_class, half_memory, tmp_path):
    net = network()
    twin = deepcopy(net)
    whole = optimizer_class(net.parameters(), weights=any_rule, half_memory=half_memory)
    learn(net, whole, 4)
    learn(net, whole, 3, seed=1)
    first = optimizer_class(twin.parameters(), weights=any_rule, half_memory=half_memory)
    learn(twin, first, 4)
    torch.save({"net": twin.state_dict(), "optimizer": first.state_dict()}, tmp_path / "state.pt")
    saved, other = torch.load(tmp_path / "state.pt", weights_only=True), network()
    other.load_state_dict(saved["net"])
    second = optimizer_class(other.parameters(), weights=any_rule, half_memory=half_memory)
    second.load_state_dict(saved["optimizer"])
    learn(other, second, 3, seed=1)
    assert same(net, other)


def test_without_weights_hyperadam_is_the_rule_that_ships():
    net = network()
    twin = deepcopy(net)
    learn(net, HyperAdam(net.parameters()), 3)
    learn(twin, HyperAdam(twin.parameters(), weights=load_rule("hyperadam")[0]), 3)
    assert same(net, twin)


def test_groups_have_their_own_length_and_decay():
    rule, net = HyperAdamStep(), network()
    before = deepcopy(net)
    groups = [{"params": net[0].parameters(), "lr": 0.0}, {"params": net[2].parameters(), "weight_decay": 0.5}]
    optimizer = HyperAdam(groups, lr=0.01, weights=rule)
    learn(net, optimizer, 1)
    plain = deepcopy(before)
    learn(plain, HyperAdam(plain.parameters(), lr=0.01, weights=rule), 1)
    assert same(net[0], before[0])
    assert_close(net[2].weight, plain[2].weight - 0.005 * before[2].weight)


def test_a_closure_is_called_and_its_loss_returned(any_rule, optimizer_class):
    net, x = network(), torch.randn(4, 6)
    optimizer = optimizer_class(net.parameters(), weights=any_rule)

    def closure():
        optimizer.zero_grad()
        loss = net(x).square().mean()
        loss.backward()
        return loss

    before = deepcopy(net)
    assert float(optimizer.step(closure).detach()) == pytest.approx(float(before(x).square().mean().detach()))
    assert not same(net, before)


def test_a_parameter_without_a_gradient_is_left_alone(any_rule, optimizer_class):
    net = network()
    before, optimizer = deepcopy(net), optimizer_class(net.parameters(), weights=any_rule)
    net[2].weight.grad = torch.randn_like(net[2].weight)
    optimizer.step()
    assert torch.equal(net[0].weight, before[0].weight)
    assert not torch.equal(net[2].weight, before[2].weight)
    assert len(optimizer.state) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_gradient_that_is_no_number_is_skipped_and_said(any_rule, optimizer_class, value):
    net = network()
    optimizer = optimizer_class(net.parameters(), weights=any_rule)
    learn(net, optimizer, 2)
    before, state = deepcopy(net), deepcopy(optimizer.state_dict()["state"])
    net[0].bias.grad[2] = value
    with pytest.warns(UserWarning, match="NaN or infinite; the step was skipped"):
        optimizer.step()
    assert same(net, before)
    assert optimizer.skipped == 1
    for k, saved in optimizer.state_dict()["state"].items():
        assert all(torch.equal(a, b) for a, b in zip(saved["memory"], state[k]["memory"]))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_parameters_of_other_precision_learn_too(dtype):
    net = network().to(dtype)
    optimizer = HyperAdam(net.parameters(), weights=HyperAdamStep())
    losses = learn(net, optimizer, 60)
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
    assert net[0].weight.dtype == dtype
    assert optimizer.state[net[0].weight]["memory"][0].dtype == torch.float32


def test_half_memory_is_half_and_nearly_as_good():
    nets = [network()] * 2
    nets[1] = deepcopy(nets[0])
    optimizers = [HyperAdam(n.parameters(), weights=HyperAdamStep(), half_memory=k == 1) for k, n in enumerate(nets)]
    full, half = (sum(learn(n, o, 60)[-5:]) for n, o in zip(nets, optimizers))
    assert half == pytest.approx(full, rel=0.2)
    assert [o.memory_bytes() for o in optimizers] == [480 * 65, 240 * 65]
    kept = sum(t.numel() * t.element_size() for s in optimizers[1].state.values() for t in s["memory"])
    assert kept == optimizers[1].memory_bytes()


def test_gradients_of_zero_are_safe(any_rule, optimizer_class):
    net = network()
    optimizer = optimizer_class(net.parameters(), weights=any_rule)
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    assert all(bool(torch.isfinite(p).all()) for p in net.parameters())


def test_it_refuses_what_it_cannot_do(any_rule, optimizer_class):
    complex_, layer = nn.Parameter(torch.zeros(3, dtype=torch.complex64)), nn.Embedding(5, 3, sparse=True)
    with pytest.raises(TypeError, match="learns real numbers, got a parameter of"):
        optimizer_class([complex_], weights=any_rule)
    layer(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match="takes dense gradients, got a sparse one"):
        optimizer_class(layer.parameters(), weights=any_rule).step()
    for option in ({"lr": -1.0}, {"weight_decay": float("nan")}):
        with pytest.raises(ValueError, match="and finite, got"):
            optimizer_class(network().parameters(), weights=any_rule, **option)


def test_it_refuses_the_state_of_another_optimizer_and_keeps_its_own(any_rule, optimizer_class):
    net = network()
    optimizer, adam = optimizer_class(net.parameters(), weights=any_rule), torch.optim.Adam(net.parameters())
    learn(net, adam, 1)
    learn(net, optimizer, 1)
    before = deepcopy(optimizer.state_dict()["state"])
    with pytest.raises(ValueError, match="of another optimizer"):
        optimizer.load_state_dict(adam.state_dict())
    for k, saved in optimizer.state_dict()["state"].items():
        assert all(torch.equal(a, b) for a, b in zip(saved["memory"], before[k]["memory"]))


def test_it_refuses_a_rule_or_weights_of_another_kind(tmp_path):
    with pytest.raises(TypeError, match="HyperAdam takes a HyperAdamStep, got RNNpropStep"):
        HyperAdam(network().parameters(), weights=RNNpropStep())
    with pytest.raises(InputError, match="admm-net: are weights of admm-net, not of hyperadam"):
        HyperAdam(network().parameters(), weights="admm-net")
    with pytest.raises(InputError, match="no such weights"):
        HyperAdam(network().parameters(), weights=tmp_path / "none.safetensors")


def test_it_warns_of_nothing_in_use(any_rule, optimizer_class):
    net = network()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learn(net, optimizer_class(net.parameters(), weights=any_rule), 2)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_network_on_a_gpu_learns_as_on_the_processor(any_rule, optimizer_class):
    results = []
    for device in ("cpu", "cuda"):
        torch.manual_seed(0)
        net = network().to(device)
        optimizer = optimizer_class(net.parameters(), weights=deepcopy(any_rule))
        generator = torch.Generator().manual_seed(0)
        for _ in range(3):
            x = torch.randn(32, 6, generator=generator).to(device)
            optimizer.zero_grad()
            (net(x) - x.sum(1, keepdim=True)).square().mean().backward()
            optimizer.step()
        results.append(nn.utils.parameters_to_vector(net.parameters()).detach().cpu())
    assert_close(*results, rtol=1e-3, atol=1e-5)
