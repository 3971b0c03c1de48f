"""The authors' networks: their published figures, and files that are none of theirs."""

import h5py
import numpy as np
import pytest
import torch

from minimand import LeastSquares
from minimand.io import InputError
from minimand.metrics import nmse, psnr
from minimand.operators import Fourier
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.admm_net import ADMMNet
from minimand.reconstruction.authors import read_admm_net
from minimand.reconstruction.methods import apply_network
from minimand.reconstruction.phantoms import phantom

# README of yangyan92/Deep-ADMM-Net for Brain_data1, pseudo_radial_20: NMSE and PSNR in dB
BRAIN = {"net-stage7": (9, 0.0578, 35.60), "net-stage14": (16, 0.0562, 35.83), "net-stage15": (17, 0.0561, 35.85)}
# Means over chest images 1..75, measured with a separate program
CHEST = {"net-stage7": (0.08138, 36.314), "net-stage14": (0.07826, 36.674), "net-stage15": (0.07811, 36.694)}
# Chest images 61..63, NMSE and PSNR of each, measured with this program: they may not move
THREE = {
    "net-stage7": [(0.1131, 28.970), (0.1242, 28.272), (0.0752, 34.010)],
    "net-stage15": [(0.1119, 29.063), (0.1207, 28.519), (0.0734, 34.212)],
}


def sampled(data, images):
    with np.load(data / "mri" / "masks.npz") as masks:
        mask = torch.from_numpy(np.fft.ifftshift(masks["pseudo_radial_20"] != 0))
    A = Fourier(mask, real=True)
    return LeastSquares(A, A(images))


def chest(data, first, last):
    with np.load(data / "mri" / "chest_train_075.npz") as file:
        images, scale = file["image"][first - 1 : last], file["scale"][first - 1 : last]
    return torch.from_numpy(images / scale[:, None, None].astype(np.float64))


def brain(data):
    with np.load(data / "mri" / "single_images.npz") as file:
        return torch.from_numpy(file["brain_data1"])[None]


def scores(x, images):
    return nmse(x, images), psnr(x, images, peak=1.0)


@pytest.mark.parametrize("name", BRAIN)
def test_the_published_figures_of_the_brain(data, name):
    depth, expected_nmse, expected_psnr = BRAIN[name]
    net, image = read_admm_net(data / "mri" / "nets" / f"{name}.mat"), brain(data)
    assert net.unrolled.depth == depth
    with torch.no_grad():
        found = scores(net(sampled(data, image)), image)
    assert float(found[0]) == pytest.approx(expected_nmse, abs=1e-4)
    assert float(found[1]) == pytest.approx(expected_psnr, abs=5e-3)


def test_the_published_figures_of_the_zero_filled_brain(data):
    image = brain(data)
    term = sampled(data, image)
    found = scores(term.A.adjoint(term.y), image)
    assert float(found[0]) == pytest.approx(0.1407, abs=1e-4)
    assert float(found[1]) == pytest.approx(28.11, abs=5e-3)


@pytest.mark.parametrize("name", THREE)
def test_three_chest_images(data, name):
    net, images = read_admm_net(data / "mri" / "nets" / f"{name}.mat"), chest(data, 61, 63)
    with torch.no_grad():
        found = scores(net(sampled(data, images)), images)
    for k, (expected_nmse, expected_psnr) in enumerate(THREE[name]):
        assert float(found[0][k]) == pytest.approx(expected_nmse, abs=1e-4)
        assert float(found[1][k]) == pytest.approx(expected_psnr, abs=5e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHEST)
def test_the_means_over_all_chest_images(data, name):
    net, found = read_admm_net(data / "mri" / "nets" / f"{name}.mat"), []
    for first in range(1, 76, 5):
        images = chest(data, first, first + 4)
        with torch.no_grad():
            found.append(torch.stack(scores(net(sampled(data, images)), images)))
    mean = torch.cat(found, dim=1).mean(1)
    assert float(mean[0]) == pytest.approx(CHEST[name][0], abs=1e-4)
    assert float(mean[1]) == pytest.approx(CHEST[name][1], abs=0.01)


# ---------------------------------------------------------------------------------------------- files made here


def layers_of(net):
    """Type and weights of every layer of a network, as the authors store them."""
    layers = []
    for k, stage in enumerate(net.unrolled.stages):
        x, operator, curve = stage.step.reconstruct, stage.prior[0].operator, stage.prior[0].term
        layers += [
            ("X_org" if k == 0 else "X_mid", [x.H.coefficients, x.rho[:, None]]),
            ("Convo", [operator.coefficients]),
            ("Non_linorg" if k == 0 else "Non_linmid", [curve.values.T]),
            ("Multi_org" if k == 0 else "Multi_mid", [stage.step.eta[:, 0]]),
        ]
    layers += [("X_final", [net.unrolled.last.H.coefficients, net.unrolled.last.rho[:, None]]), ("loss", [])]
    return [(kind, [w.detach().double().numpy() for w in weights]) for kind, weights in layers]


@pytest.fixture
def layers():
    torch.manual_seed(0)
    net = ADMMNet(2, normalise=False).double()
    with torch.no_grad():
        for p in net.parameters():
            p += 0.1 * torch.randn_like(p)
    return net, layers_of(net)


def test_every_number_finds_its_place(tmp_path, layers, write_network):
    net, made = layers
    write_network(tmp_path / "net.mat", made)
    found = read_admm_net(tmp_path / "net.mat")
    assert not found.normalise
    for name, value in net.state_dict().items():
        assert torch.equal(found.state_dict()[name], value), name


def spoilt(layers, how):
    kinds, weights = [kind for kind, _ in layers], [list(w) for _, w in layers]
    if how == "a layer is missing":
        del kinds[3], weights[3]
    elif how == "a layer is of another kind":
        kinds[1] = "Relu"
    elif how == "a layer has no name":
        kinds[1] = ""
    elif how == "only the last layers":
        kinds, weights = kinds[-2:], weights[-2:]
    elif how == "no weights":
        weights[0] = []
    elif how == "one weight too few":
        weights[0] = weights[0][:1]
    elif how == "curves on their side":
        weights[2] = [weights[2][0].T]
    elif how == "too few control points":
        weights[2] = [weights[2][0][:-1]]
    elif how == "not a number":
        weights[2][0][5, 5] = np.nan
    elif how == "filters of an even size":
        weights[0][0] = np.ones((15, 8))
    elif how == "more filters than the basis":
        weights[0][0] = np.ones((8, 9))
    elif how == "complex numbers":
        weights[4][0] = weights[4][0] * 1j
    return list(zip(kinds, weights))


@pytest.mark.parametrize(
    "how",
    [
        "a layer is missing", "a layer is of another kind", "a layer has no name", "only the last layers", "no weights",
        "one weight too few", "curves on their side", "too few control points", "not a number",
        "filters of an even size", "more filters than the basis", "complex numbers",
    ],
)  # fmt: skip
def test_a_network_that_is_none_is_refused_in_one_line(tmp_path, layers, write_network, how):
    path = tmp_path / "net.mat"
    write_network(path, spoilt(layers[1], how))
    with pytest.raises(InputError, match=r"net\.mat: ") as refusal:
        read_admm_net(path)
    assert "\n" not in str(refusal.value)


def test_files_without_a_network_are_refused(tmp_path):
    path = tmp_path / "net.mat"
    with pytest.raises(InputError, match="no such file"):
        read_admm_net(path)
    path.write_bytes(b"nothing of this kind")
    with pytest.raises(InputError, match=r"not a MATLAB v7\.3 file"):
        read_admm_net(path)
    with h5py.File(path, "w") as file:
        file["image"] = np.zeros((3, 3))
    with pytest.raises(InputError, match="holds no network of the authors"):
        read_admm_net(path)


def test_a_truncated_network_is_refused(tmp_path, layers, write_network):
    path = tmp_path / "net.mat"
    write_network(path, layers[1])
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(InputError, match="damaged, truncated"):
        read_admm_net(path)


@pytest.mark.parametrize("name", ["NET-Pseudo-radial-0.2-real-S11", "Net-Hadamard-0.2-S10", "operator-D-0.1"])
def test_other_files_of_the_authors_are_refused(data, name):
    with pytest.raises(InputError, match=f"{name}.mat: "):
        read_admm_net(data / "mri" / "nets" / f"{name}.mat")


def test_a_network_sees_images_of_maximum_one_as_they_are(data):
    net = read_admm_net(data / "mri" / "nets" / "net-stage7.mat").float().requires_grad_(False)
    image = phantom((40, 36), torch.Generator().manual_seed(0))[None]
    A = Fourier(parse_mask("radial:0.3", (40, 36)), real=True)
    terms = LeastSquares(A, A(image))
    assert torch.equal(apply_network(net, terms), net(terms))
