"""The authors' PyTorch port: its curves, its shared stages, and files that may not be trusted."""

import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.kernels.shrinkage_field import shrinkage_field
from minimand.reconstruction.import_weights import import_network, read_network
from minimand.reconstruction.networks import load_network

FILTERS, DEPTH = 3, 2


def port(depth=DEPTH, filters=FILTERS):
    """A state dict as the port saves it: once by layer, once more in cs_net.*."""
    shared = {
        "rho": torch.rand(1),
        "gamma": torch.rand(1),
        "conv1_layer.conv.weight": torch.randn(filters, 1, 5, 5),
        "conv1_layer.conv.bias": torch.randn(filters),
        "nonlinear_layer.pwl.slopes": torch.randn(filters, 102),
        "nonlinear_layer.pwl.biases": torch.randn(filters),
        "conv2_layer.conv.weight": torch.randn(1, filters, 5, 5),
        "conv2_layer.conv.bias": torch.randn(1),
    }
    state = {**shared, "re_org_layer.rho": shared["rho"], "multiple_org_layer.gamma": shared["gamma"]}
    layers = ("conv1_layer.conv.weight", "conv1_layer.conv.bias", "nonlinear_layer.pwl.slopes", "gamma")
    for k in range(depth):
        state |= {f"cs_net.{7 * k}.rho": shared["rho"], f"cs_net.{7 * k + 5}.gamma": shared["gamma"]}
        state |= {f"cs_net.{7 * k + 1}.{name.partition('.')[2]}": shared[name] for name in layers[:2]}
        state[f"cs_net.{7 * k + 2}.pwl.slopes"] = shared[layers[2]]
    return state


def curve(u, slopes, start):
    """The port's form: the value at -1, and what each piece adds along its slope."""
    points = torch.linspace(-1, 1, 101)
    y = start + slopes[0] * (u + 1).clamp(max=0) + slopes[-1] * (u - 1).clamp(min=0)
    for left, right, slope in zip(points[:-1], points[1:], slopes[1:-1], strict=True):
        y = y + slope * (u.clamp(left, right) - left)
    return y


def test_a_curve_is_that_of_the_port_beyond_its_ends_too(tmp_path):
    state = port(filters=1)
    torch.save(state, tmp_path / "net.pth")
    _, net, arguments = read_network(tmp_path / "net.pth")
    assert arguments["tied"]
    assert arguments["consistent"]
    assert net.unrolled.depth == DEPTH
    prior = net.unrolled.stages[0].prior[0]
    u = torch.linspace(-3, 3, 1001).reshape(1, 1, 7, 143)
    delta = torch.zeros(1, 1, 5, 5)
    delta[..., 2, 2] = 1
    y = shrinkage_field(u, delta, torch.zeros(1), prior.values.detach(), delta, outer=prior.outer)
    expected = curve(u, state["nonlinear_layer.pwl.slopes"][0], state["nonlinear_layer.pwl.biases"][0])
    assert_close(y, expected, rtol=0, atol=1e-5)


def test_slopes_of_its_own_are_saved_and_read_again(tmp_path):
    torch.save(port(), tmp_path / "net.pth")
    assert import_network(tmp_path / "net.pth", tmp_path / "net.safetensors") == ("admm-csnet", DEPTH)
    again, _ = load_network(str(tmp_path / "net.safetensors"))
    outer = again.unrolled.stages[0].prior[0].outer
    assert torch.equal(outer, read_network(tmp_path / "net.pth")[1].unrolled.stages[0].prior[0].outer)
    assert not torch.equal(outer, torch.ones_like(outer))


@pytest.mark.parametrize("how", ["missing", "no stages", "untied", "shape", "not a number", "points", "complex"])
def test_a_state_that_is_none_of_the_port_is_refused_in_one_line(tmp_path, how):
    path, state = tmp_path / "net.pth", port()
    if how == "missing":
        del state["conv2_layer.conv.bias"]
    elif how == "no stages":
        state = {name: value for name, value in state.items() if "cs_net" not in name}
    elif how == "untied":
        state["cs_net.8.conv.weight"] = state["cs_net.8.conv.weight"] + 1
    elif how == "shape":
        state["conv2_layer.conv.weight"] = torch.randn(1, FILTERS, 7, 7)
    elif how == "not a number":
        state["nonlinear_layer.pwl.slopes"][1, 5] = torch.nan
    elif how == "points":
        state["nonlinear_layer.pwl.slopes"] = torch.randn(FILTERS, 12)
    elif how == "complex":
        state["rho"] = torch.ones(1, dtype=torch.complex64)
    torch.save(state, path)
    with pytest.raises(InputError, match=r"net\.pth: ") as refusal:
        read_network(path)
    assert "\n" not in str(refusal.value)
