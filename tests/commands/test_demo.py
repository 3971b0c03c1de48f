"""`minimand demo`: the embedded scan."""

import json
from dataclasses import replace

import pytest

from minimand.reconstruction.admm_csnet import ADMMCSNet
from minimand.systems.mri.demo import embedded_scan
from minimand.weights import save_weights, shipped


def test_the_demo_runs_on_the_embedded_scan_with_the_keys_of_compare(scans, work, done, monkeypatch):
    (work / "shipped").mkdir()
    (work / "shipped" / "admm-net.safetensors").write_bytes((scans / "tiny.safetensors").read_bytes())
    card = {"name": "small", "network": "admm-csnet", "arguments": {"depth": 1, "filters": 2, "size": 3}}
    save_weights(work / "shipped" / "admm-csnet.safetensors", card, ADMMCSNet(1, filters=2, size=3).state_dict())
    monkeypatch.setattr("minimand.weights.SHIPPED", work / "shipped")
    scan = embedded_scan()
    few = replace(scan, arrays=scan.arrays[10:48:8], names=scan.names[10:48:8])
    monkeypatch.setattr("minimand.systems.mri.demo.embedded_scan", lambda: few)
    found = json.loads(done("demo", "--json", "--report", "page"))
    assert found["images"] == 5
    assert list(found["methods"]) == ["zero-filled", "tv", "admm-net", "admm-csnet"]
    assert {"nmse", "psnr", "ssim", "seconds"} == set(found["methods"]["tv"])
    assert "5 images, 4 methods; pictures of 4" in (work / "page" / "index.html").read_text()


@pytest.mark.skipif("admm-net" not in shipped(), reason="needs the weights admm-net, which do not ship yet")
def test_the_shipped_network_beats_tv_and_tv_beats_zero_filling(done):
    rows = json.loads(done("demo", "--json"))["methods"]
    zero, tv, net, best = (rows[name] for name in ("zero-filled", "tv", "admm-net", "admm-csnet"))
    assert best["psnr"] > net["psnr"] > tv["psnr"] > zero["psnr"]
    assert best["ssim"] > net["ssim"] > tv["ssim"] > zero["ssim"]
    assert best["nmse"] < net["nmse"] < tv["nmse"] < zero["nmse"]
