"""Networks built from their cards."""

import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.operators import Fourier
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.admm_net import ADMMNet
from minimand.reconstruction.networks import NETWORKS, USUAL, arguments_of, grow, load_network, make, rate
from minimand.terms import LeastSquares
from minimand.weights import save_weights


def saved(folder, net, **card):
    path = folder / "net.safetensors"
    save_weights(path, {"network": "admm-net", "arguments": {"depth": 2}, **card}, net.state_dict())
    return str(path)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_network_comes_back_with_its_numbers_ready_to_use(tmp_path, dtype):
    net = ADMMNet(2).to(dtype)
    with torch.no_grad():
        for value in net.parameters():
            value.add_(torch.randn_like(value))
    found, card = load_network(saved(tmp_path, net))
    assert card["arguments"] == {"depth": 2}
    assert not found.training
    assert all(torch.equal(value, found.state_dict()[name]) for name, value in net.state_dict().items())
    assert not any(value.requires_grad for value in found.parameters())


@pytest.mark.parametrize(
    "card",
    [
        {"arguments": {"depth": 3}},
        {"arguments": {"depth": "x"}},
        {"arguments": {"width": 2}},
        {"arguments": {"depth": 0}},
    ],
)
def test_a_card_that_does_not_fit_its_numbers_is_refused_in_one_line(tmp_path, card):
    with pytest.raises(InputError, match="net: numbers and card do not fit together") as caught:
        load_network(saved(tmp_path, ADMMNet(2), **card))
    assert "\n" not in str(caught.value)


def test_an_unknown_network_is_refused(tmp_path):
    with pytest.raises(InputError, match="unknown network 'resnet'; known: admm-net, admm-csnet"):
        load_network(saved(tmp_path, ADMMNet(2), network="resnet"))


def test_a_deeper_network_repeats_the_last_stage():
    start, net = ADMMNet(2), ADMMNet(4)
    with torch.no_grad():
        for value in start.parameters():
            value.add_(torch.randn_like(value))
    grow(net, start)
    old, new = start.state_dict(), net.state_dict()
    for name, value in old.items():
        assert torch.equal(new[name], value)
        if ".stages.1." in name:
            assert torch.equal(new[name.replace(".stages.1.", ".stages.2.")], value)
            assert torch.equal(new[name.replace(".stages.1.", ".stages.3.")], value)


def test_more_and_larger_filters_do_at_first_what_the_start_did(heads):
    def csnet(filters, size):
        net = make("admm-csnet", {"depth": 2, "filters": filters, "size": size}).double()
        with torch.no_grad():
            for value in net.parameters():
                value.add_(0.1 * torch.randn_like(value))
        return net

    torch.manual_seed(0)
    start, net = csnet(4, 3), csnet(6, 5)
    A = Fourier(parse_mask("radial:0.4", (24, 24)), real=True)
    data = LeastSquares(A, A(heads(2, (24, 24)).double()))
    before = net(data)
    grow(net, start)
    assert_close(net(data), start(data))
    assert not torch.allclose(before, start(data), rtol=1e-3)
    prior = net.unrolled.stages[0].prior[0]
    assert float(prior.analysis[4:].detach().abs().min()) > 0  # they look at the image and can learn
    net(data).square().sum().backward()
    assert float(prior.synthesis.grad[4:].abs().min()) > 0


def test_penalties_become_step_lengths_and_do_what_they_did(heads):
    torch.manual_seed(0)
    start, net = (make("admm-csnet", {"depth": 2, "filters": 4, "free": free}).double() for free in (False, True))
    with torch.no_grad():
        for value in start.parameters():
            value.add_(0.1 * torch.randn_like(value))
    A = Fourier(parse_mask("radial:0.4", (24, 24)), real=True)
    data = LeastSquares(A, A(heads(2, (24, 24)).double()))
    grow(net, start)
    assert_close(net(data), start(data))


@pytest.mark.parametrize(
    ("net", "start"),
    [
        (ADMMNet(2), ADMMNet(2, filters=4)),
        (ADMMCSNet(2, filters=4), ADMMCSNet(2, filters=6)),
        (ADMMCSNet(2, filters=4, size=3), ADMMCSNet(2, filters=4, size=5)),
        (ADMMCSNet(2, filters=6, complex_filters=True), ADMMCSNet(2, filters=4)),
        (ADMMCSNet(2, steps=2), ADMMCSNet(2)),
    ],
)
def test_a_start_with_other_filters_is_refused(net, start):
    with pytest.raises(InputError, match="more or larger filters, or other ones"):
        grow(net, start)


def test_every_parameter_has_a_learning_rate():
    assert {rate("admm-net", name) for name, _ in ADMMNet(1).named_parameters()} == {2e-3, 3e-3, 5e-3}
    assert {rate("admm-csnet", name) for name, _ in make("admm-csnet", {"depth": 1}).named_parameters()} == {
        1e-3, 2e-3, 3e-3, 5e-3,
    }  # fmt: skip


def test_usual_numbers_build_every_network_and_others_replace_them():
    assert set(USUAL) == set(NETWORKS)
    for name in NETWORKS:
        arguments = arguments_of(name, depth=2, filters=None, size=None)
        assert arguments == {**USUAL[name], "depth": 2}
        assert make(name, arguments).unrolled.depth == 2
    with pytest.raises(InputError, match=r"admm-csnet: ShrinkageField needs .* of an odd size"):
        make("admm-csnet", {"depth": 1, "size": 4})
