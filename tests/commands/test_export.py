"""`minimand export`: files that give what the network gives, and run without Minimand."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from minimand.reconstruction.denoisers import DnCNN
from minimand.weights import save_weights

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "exported_network.py"


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".pt2", ".onnx"])
def test_an_exported_network_runs_without_minimand(scans, work, done, suffix):
    if suffix == ".onnx":
        pytest.importorskip("onnxscript", reason="needs the extra export")
        pytest.importorskip("onnxruntime", reason="needs the extra export")
    found = json.loads(done("export", scans / "tiny.safetensors", "-o", f"net{suffix}", "--json"))
    assert found["difference"] < 1e-5
    assert found["bytes"] == Path(f"net{suffix}").stat().st_size
    assert json.loads(Path(f"net{suffix}.json").read_text())["command"] == "export"
    hide = "import sys; sys.modules['minimand'] = None; sys.argv = ['x', sys.argv[1]];"
    code = f"{hide} exec(open({str(EXAMPLE)!r}).read())"
    said = subprocess.run([sys.executable, "-c", code, f"net{suffix}"], capture_output=True, text=True, check=True)
    first, second = (float(line.split()[-1]) for line in said.stdout.splitlines())
    assert second < 0.9 * first


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".pt2", ".onnx"])
def test_a_denoiser_is_exported(work, done, suffix):
    pytest.importorskip("onnxscript", reason="needs the extra export")
    torch.manual_seed(0)
    card = {"name": "d", "network": "dncnn", "arguments": {"depth": 3, "filters": 4}, "sigma": 25}
    save_weights(work / "d.safetensors", card, DnCNN(3, 4).state_dict())
    assert "differs from the network by" in done("export", "d.safetensors", "-o", f"d{suffix}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["admm-net", "-o", "net.pth"], "name the output .pt2 or .onnx"),
        (["hyperadam", "-o", "net.pt2"], "networks of the kind hyperadam are not exported yet"),
        (["nothing", "-o", "net.pt2"], "nothing"),
    ],
)
def test_what_cannot_be_exported_is_told(refused, words, said):
    assert said in refused("export", *words)


def test_networks_for_other_measurements_are_refused(refused):
    from minimand.weights import research

    found = research().get("admm-csnet-hadamard-research")
    if found is None:
        pytest.skip("needs the folder weights-research")
    assert "is for measurements by hadamard" in refused("export", found, "-o", "net.pt2")


def test_a_file_that_gives_something_else_than_the_network_is_not_written(refused, monkeypatch):
    monkeypatch.setattr("minimand.reconstruction.export.written", lambda *_: b"")
    monkeypatch.setattr("minimand.reconstruction.export.largest_difference", lambda *_: 0.25)
    said = refused("export", "admm-net", "-o", "net.pt2")
    assert "net.pt2: differs from the network by 0.25; it is not written" in said
