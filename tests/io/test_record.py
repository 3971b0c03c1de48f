"""Records say what made an output, without this machine's folders."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from minimand.io import InputError, make_record, sha256, versions


def test_inputs_are_hashed_and_named_as_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("k.npz").write_bytes(b"data")
    Path("b.cfl").write_bytes(b"1")
    Path("b.hdr").write_bytes(b"2")
    Path("scans").mkdir()
    Path("scans/one.npy").write_bytes(b"3")
    record = make_record(
        "minimand test", inputs=["k.npz:kspace[0:3]", Path("b.cfl"), "scans"], options={}, weights=None
    )
    names = [file["file"] for file in record["inputs"]]
    assert names == ["k.npz", "b.cfl", "b.hdr", str(Path("scans/one.npy"))]
    assert record["inputs"][0]["sha256"] == hashlib.sha256(b"data").hexdigest() == sha256("k.npz")


def test_no_absolute_path_gets_into_a_record(tmp_path):
    (tmp_path / "k.npz").write_bytes(b"data")
    options = {
        "mask": tmp_path / "m.npz",
        "report": str(tmp_path),
        "rate": np.float32(0.5),
        "methods": ("tv", "admm-net"),
    }
    record = make_record(
        "x", inputs=[tmp_path / "k.npz"], options=options, weights=str(tmp_path / "w.safetensors"), seed=1
    )
    text = json.dumps(record, allow_nan=False)
    assert str(tmp_path) not in text
    assert record["options"]["methods"] == ["tv", "admm-net"]
    assert record["options"]["mask"] == "m.npz"


def test_versions_and_time_are_there():
    record = make_record("x", inputs=[], options={"none": None, "flag": True, "inf": float("inf"), "a": np.eye(2)})
    assert set(record["versions"]) == {"python", "minimand", "torch", "numpy"} == set(versions())
    assert record["versions"]["numpy"] == np.__version__
    assert record["time"].endswith("+00:00")
    assert record["options"] == {"none": None, "flag": True, "inf": "inf", "a": [[1.0, 0.0], [0.0, 1.0]]}


def test_an_input_that_is_gone_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.npz"):
        make_record("x", inputs=[tmp_path / "gone.npz"], options={})
