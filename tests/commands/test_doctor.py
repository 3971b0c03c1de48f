"""`minimand doctor`: what it tells, and that a broken kernel shows."""

import json

import torch

from minimand.commands import doctor


def test_it_tells_what_there_is(done):
    found = json.loads(done("doctor", "--json"))
    assert found["kernel"]["equal"]
    assert "admm-net" in found["networks"]
    text = done("doctor")
    for name in ("threads", "gpu", "kernel", "for kernels on GPUs", "networks"):
        assert f"{name}: " in text


def test_a_kernel_that_is_wrong_shows(monkeypatch):
    from minimand.kernels import shrinkage_field as module

    monkeypatch.setattr(module, "shrinkage_field", lambda x, *others: torch.zeros_like(x))
    assert not doctor.check_kernel()["equal"]
