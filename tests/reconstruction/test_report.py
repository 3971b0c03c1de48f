"""The page on a comparison: what was measured is what it says."""

import re

import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.reconstruction.admm_net import ADMMNet
from minimand.reconstruction.compare import compare
from minimand.reconstruction.methods import apply_network, get_method
from minimand.reconstruction.report import image_reports, network_view, spread, write_comparison
from minimand.weights import save_weights

SIZE = (24, 28)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    torch.manual_seed(0)
    card = {"name": "tiny", "network": "admm-net", "arguments": {"depth": 2}}
    save_weights(path, card, ADMMNet(2).state_dict())
    return str(path)


@pytest.fixture(scope="module")
def compared(tiny, heads, measured):
    methods = ["zero-filled", "tv", "admm-net"]
    return compare(
        list(heads(6, SIZE).double().numpy()), lambda images, generator: measured(images), methods,
        weights=tiny, network="admm-net", seed=1,
    )  # fmt: skip


def mask_of(A):
    return torch.fft.fftshift(A.mask)


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
    assert all(r.mask is None for r in reports)
    assert [bool(r.reconstructions) for r in reports].count(True) == 4
    assert all(set(r.scores) == {"zero-filled", "tv", "admm-net"} for r in reports)
    assert reports[2].scores["tv"].psnr == float(compared.scores["tv"].psnr[2])
    (shown,) = [r for r in image_reports(names, compared, mask_of, keep={5}) if r.reconstructions]
    assert shown.name == "image 5"
    assert torch.equal(torch.fft.ifftshift(shown.mask), compared.data[5].A.mask)


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
def test_stages_end_at_the_networks_image_in_units_of_the_peak(normalise, heads, measured, tmp_path):
    torch.manual_seed(0)
    save_weights(
        tmp_path / "w.safetensors",
        {"network": "admm-net", "arguments": {"depth": 2, "normalise": normalise}},
        ADMMNet(2, normalise=normalise).state_dict(),
    )
    method = get_method("admm-net", weights=str(tmp_path / "w.safetensors"))
    truth = 300 * heads(1, SIZE)[0]
    data = measured(truth[None])
    view = network_view(method, data, "head", truth, peak=300.0)
    assert len(view.stages) == len(view.psnr) == 4
    assert_close(view.stages[-1], apply_network(method.net, data)[0] / 300)
    assert network_view(get_method("tv"), data, "head") is None
