"""The pages: what was measured is what they say."""

import re

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.operators.sampling import parse_mask
from minimand.systems.mri.admm_net import ADMMNet
from minimand.systems.mri.compare import compare
from minimand.systems.mri.methods import apply_network, get_method
from minimand.systems.mri.phantoms import phantom
from minimand.systems.mri.reconstruct import data_term
from minimand.systems.mri.report import image_reports, network_view, spread, write_comparison, write_reconstruction
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


@pytest.fixture(scope="module")
def compared(tiny):
    methods = ["zero-filled", "tv", "admm-net"]
    draw = lambda size: parse_mask("radial:0.4", size)  # noqa: E731
    return compare(heads(6), draw, methods, weights=tiny, network="admm-net", noise=0.02, seed=1)


def test_places_are_spread_evenly_and_leave_out_the_ends():
    assert spread(3, 4) == {0, 1, 2}
    assert spread(8, 4) == {0, 2, 4, 6}
    for count in range(1, 60):
        chosen = sorted(spread(count, 4))
        assert len(chosen) == min(count, 4)
        assert 0 <= chosen[0] <= chosen[-1] < count


def test_every_image_is_scored_and_a_few_are_shown(compared):
    names = [f"image {k}" for k in range(6)]
    reports = image_reports(names, compared)
    assert [bool(r.reconstructions) for r in reports].count(True) == 4
    assert all(set(r.scores) == {"zero-filled", "tv", "admm-net"} for r in reports)
    assert reports[2].scores["tv"].psnr == float(compared.scores["tv"].psnr[2])
    (shown,) = [r for r in image_reports(names, compared, keep={5}) if r.reconstructions]
    assert shown.name == "image 5"
    assert torch.equal(torch.fft.ifftshift(shown.mask), compared.masks[5])


def test_a_comparison_shows_the_network_on_what_it_was_given(compared, tmp_path):
    page = write_comparison(
        tmp_path / "page", "Heads", [f"<{k}>" for k in range(6)], compared, [("mask", "radial:0.4")]
    )
    text = page.read_text()
    k = min(spread(6, 4))
    last = re.search(r"PSNR by stage in dB: ([0-9., ]+)", text)[1].split(", ")[-1]
    assert last == f"{compared.scores['admm-net'].psnr[k]:.2f}"
    assert "&lt;0&gt;" in text
    assert "tiny" in text
    assert (tmp_path / "page" / "summary.png").is_file()
    with pytest.raises(InputError, match="is not empty"):
        write_comparison(tmp_path / "page", "Heads", [f"<{k}>" for k in range(6)], compared)


@pytest.mark.parametrize("normalise", [True, False])
def test_stages_end_at_the_networks_image_in_units_of_the_peak(normalise, tmp_path):
    torch.manual_seed(0)
    save_weights(
        tmp_path / "w.safetensors",
        {"network": "admm-net", "arguments": {"depth": 2, "normalise": normalise}},
        ADMMNet(2, normalise=normalise).state_dict(),
    )
    method = get_method("admm-net", weights=str(tmp_path / "w.safetensors"))
    mask, truth = parse_mask("radial:0.4", SIZE), 300 * torch.from_numpy(heads(1)[0]).float()
    data = data_term(torch.where(mask, torch.fft.fft2(truth[None], norm="ortho"), 0), mask, True)
    view = network_view(method, data, "head", truth, peak=300.0)
    assert len(view.stages) == len(view.psnr) == 4
    assert_close(view.stages[-1], apply_network(method.net, data)[0] / 300)
    assert network_view(get_method("tv"), data, "head") is None


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
