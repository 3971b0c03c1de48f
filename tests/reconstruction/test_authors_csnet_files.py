"""ADMM-CSNet in the authors' files, made here: every number in its place, and files that hold something else."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.reconstruction.import_weights import import_network, read_network
from minimand.reconstruction.methods import get_method
from minimand.reconstruction.networks import load_network

FILTERS, SIZE, DEPTH = 3, 5, 2


def disturbed(net):
    torch.manual_seed(0)
    with torch.no_grad():
        for value in net.parameters():
            value += 0.1 * torch.randn_like(value)
    return net.double()


def of_matlab(prior):
    """Filters, bias, curves, filters and bias in MATLAB's axes: (rows, columns, 1, filters), (1, filters), ..."""
    analysis, synthesis = (b.detach()[:, 0].permute(1, 2, 0).numpy() for b in (prior.analysis, prior.synthesis))
    bias, values, mean = (t.detach().numpy() for t in (prior.bias, prior.values, prior.mean))
    return analysis[:, :, None], bias[None], values.T, synthesis, mean.reshape(1, 1)


def number(value):
    return np.full((1, 1), torch.as_tensor(value).item())


@pytest.fixture
def generic():
    """A network for MRI and its layers."""
    net = disturbed(ADMMCSNet(DEPTH, filters=FILTERS, size=SIZE, normalise=False))
    layers = []
    for k, stage in enumerate(net.unrolled.stages):
        w1, b1, q, w2, b2 = of_matlab(stage.prior[0])
        layers += [("Reorg" if k == 0 else "Remid", [number(stage.step.reconstruct.rho)])]
        layers += [] if k == 0 else [("ADD", [])]
        layers += [("conv", [w1, b1]), ("Non_linear", [q]), ("conv", [w2, b2]), ("MIN", [])]
        layers += [("Multi_org" if k == 0 else "Multi_mid", [number(stage.step.eta)])]
    return net, [*layers, ("Refinal", [number(net.unrolled.last.rho)]), ("rLoss", [])]


@pytest.fixture
def natural():
    """A network for natural images and its parameters."""
    net = disturbed(ADMMCSNet(DEPTH, filters=FILTERS, size=7, free=True, normalise=False))
    params = {}
    for k, stage in enumerate(net.unrolled.stages, 1):
        w1, b1, q, w2, b2 = of_matlab(stage.prior[0])
        names = ("Recon_{}_1", "conv1_{}_1", "conv1_{}_2", "nonlinear_{}_1", "conv2_{}_1", "conv2_{}_2")
        values = (number(stage.step.reconstruct.v), w1, b1, q, w2, b2)
        params |= {name.format(f"{k:02d}"): v for name, v in zip(names, values, strict=True)}
        params |= {f"Muliper_{k:02d}_{j + 1}": number(stage.step.eta[j]) for j in range(3)}
    return net, {**params, f"Recon_{DEPTH + 1:02d}_1": number(net.unrolled.last.v)}


def assert_same_numbers(found, net):
    state = found.state_dict()
    for name, value in net.state_dict().items():
        assert_close(state[name].double(), value, rtol=0, atol=1e-6, msg=name)


def test_every_number_of_a_network_for_mri_finds_its_place(tmp_path, write_network, generic):
    net, layers = generic
    write_network(tmp_path / "net.mat", layers)
    name, found, arguments = read_network(tmp_path / "net.mat")
    assert name == "admm-csnet"
    assert arguments == {"depth": DEPTH, "filters": FILTERS, "size": SIZE, "normalise": False}
    assert_same_numbers(found, net)
    write_network(tmp_path / "net.mat", [("c_conv" if kind == "conv" else kind, w) for kind, w in layers])
    assert_same_numbers(read_network(tmp_path / "net.mat")[1], net)


def test_every_number_of_a_network_for_natural_images_finds_its_place(tmp_path, write_object, natural):
    net, params = natural
    write_object(tmp_path / "net.mat", params)
    _, found, arguments = read_network(tmp_path / "net.mat")
    assert arguments.pop("scale") == 255
    assert arguments == {"depth": DEPTH, "filters": FILTERS, "size": 7, "normalise": False, "free": True}
    assert_same_numbers(found, net)


def test_what_is_imported_is_used_by_its_card(tmp_path, write_network, generic, heads, measured):
    write_network(tmp_path / "net.mat", generic[1])
    path = tmp_path / "net.safetensors"
    import_network(tmp_path / "net.mat", path)
    net, card = load_network(str(path))
    assert (card["network"], card["source"]["file"]) == ("admm-csnet", "net.mat")
    assert_same_numbers(net, generic[0])
    terms = measured(heads(1))
    assert_close(get_method("admm-csnet", weights=str(path)).run(terms), net.float()(terms))


def spoilt(layers, how):
    kinds, weights = [kind for kind, _ in layers], [list(w) for _, w in layers]
    if how == "a layer is missing":
        del kinds[2], weights[2]
    elif how == "a layer is of another kind":
        kinds[2] = "Relu"
    elif how == "only the last layers":
        kinds, weights = kinds[-2:], weights[-2:]
    elif how == "no weights":
        weights[1] = []
    elif how == "no last penalty":
        weights[-2] = []
    elif how == "filters that are not square":
        weights[1][0] = weights[1][0][:, :3]
    elif how == "filters of an even size":
        weights[1][0], weights[3][0] = weights[1][0][:4, :4], weights[3][0][:4, :4]
    elif how == "banks of different sizes":
        weights[3][0] = weights[3][0][:3, :3]
    elif how == "stages of different sizes":
        weights[8][0] = weights[8][0][:3, :3]
    elif how == "curves on their side":
        weights[2][0] = weights[2][0].T
    elif how == "two penalties":
        weights[0][0] = np.ones((2, 1))
    elif how == "not a number":
        weights[2][0][5, 1] = np.nan
    elif how == "complex numbers":
        weights[5][0] = weights[5][0] * 1j
    elif how == "nothing at all":
        weights[1][0] = np.zeros((0, 0))
    return list(zip(kinds, weights, strict=True))


@pytest.mark.parametrize(
    "how",
    [
        "a layer is missing", "a layer is of another kind", "only the last layers", "no weights", "no last penalty",
        "filters that are not square", "filters of an even size", "banks of different sizes",
        "stages of different sizes", "curves on their side", "two penalties", "not a number", "complex numbers",
        "nothing at all",
    ],
)  # fmt: skip
def test_a_network_for_mri_that_is_none_is_refused_in_one_line(tmp_path, write_network, generic, how):
    path = tmp_path / "net.mat"
    write_network(path, spoilt(generic[1], how))
    with pytest.raises(InputError, match=r"net\.mat: ") as refusal:
        read_network(path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("how", ["missing", "another", "none", "shape", "not a number"])
def test_a_network_for_natural_images_that_is_none_is_refused_in_one_line(tmp_path, write_object, natural, how):
    path, params = tmp_path / "net.mat", dict(natural[1])
    if how == "missing":
        del params["conv2_02_1"]
    elif how == "another":
        params["more"] = number(1)
    elif how == "none":
        params = {}
    elif how == "shape":
        params["Muliper_01_2"] = np.ones((2, 2))
    elif how == "not a number":
        params["conv1_01_2"][0, 1] = np.inf
    write_object(path, params)
    with pytest.raises(InputError, match=r"net\.mat: ") as refusal:
        read_network(path)
    assert "\n" not in str(refusal.value)


def test_a_truncated_object_is_refused(tmp_path, write_object, natural):
    path = tmp_path / "net.mat"
    write_object(path, natural[1])
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(InputError, match=r"damaged, truncated"):
        read_network(path)
