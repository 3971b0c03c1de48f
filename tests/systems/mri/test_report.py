"""The page on a scan: what was measured is what it says."""

import numpy as np
import pytest
import torch

from minimand.reconstruction.admm_net import ADMMNet
from minimand.reconstruction.methods import get_method
from minimand.reconstruction.phantoms import phantom
from minimand.systems.mri.report import write_reconstruction
from minimand.systems.mri.scan import read_scan, read_truth, reconstruct_scan, score_scan
from minimand.weights import save_weights

SIZE = (24, 28)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    torch.manual_seed(0)
    card = {"name": "tiny", "network": "admm-net", "arguments": {"depth": 2}}
    save_weights(path, card, ADMMNet(2).state_dict())
    return str(path)


def heads(count):
    return [phantom(SIZE, torch.Generator().manual_seed(k)).double().numpy() for k in range(count)]


@pytest.mark.parametrize("with_truth", [True, False])
@pytest.mark.parametrize("method", ["tv", "admm-net"])
def test_a_reconstruction_has_its_page(tmp_path, tiny, method, with_truth):
    x = np.stack([1000 * heads(1)[0], 0 * heads(1)[0], 5 * heads(1)[0]])
    kspace = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(x, axes=(1, 2)), norm="ortho"), axes=(1, 2))
    np.save(tmp_path / "k.npy", kspace)
    np.save(tmp_path / "t.npy", x)
    scan = read_scan(str(tmp_path / "k.npy"), "radial:0.4")
    chosen = get_method(method, weights=tiny if method == "admm-net" else None)
    found = reconstruct_scan(scan, chosen, torch.device("cpu"))
    truth = read_truth(scan, str(tmp_path / "t.npy")) if with_truth else None
    text = write_reconstruction(tmp_path / "page", scan, chosen, found, truth).read_text()
    assert ("slice 0" in text, "slice 1" in text, "slice 2" in text) == (True, False, True)
    assert ("Inside admm-net" in text) == (method == "admm-net")
    assert ("There is no truth" in text) == (not with_truth)
    assert ("s per slice" in text) == (not with_truth)
    if truth is not None:
        mean = float(score_scan(scan, found, truth).psnr.mean())
        assert f"{mean:.2f} ±" in text
