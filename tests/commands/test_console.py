"""Names in options, and numbers as JSON."""

import json
import math

import pytest
import torch

from minimand.commands.console import count, device_of, methods_of, network_of, print_json
from minimand.io import InputError


def test_methods_are_known_names_each_once():
    assert methods_of(" tv, zero-filled,tv,") == ["tv", "zero-filled"]
    with pytest.raises(InputError, match="names no method"):
        methods_of(" , ")
    with pytest.raises(InputError, match=r"no method 'admm-nt'. Did you mean admm-net or admm-csnet\?"):
        methods_of("tv,admm-nt")


def test_devices_are_there_or_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of("auto") == device_of("cpu") == torch.device("cpu")
    with pytest.raises(InputError, match="offers no CUDA device"):
        device_of("cuda")
    with pytest.raises(InputError, match="choose auto, cpu or cuda"):
        device_of("gpu")


def test_weights_apply_to_the_method_their_card_names(scans):
    weights = str(scans / "tiny.safetensors")
    assert network_of(None, ["tv"]) is None
    assert network_of(weights, ["tv", "admm-net"]) == "admm-net"
    with pytest.raises(InputError, match="are for admm-net, which is not among the methods tv"):
        network_of(weights, ["tv"])


def test_numbers_that_are_not_finite_are_null_in_json(capsys):
    print_json({"psnr": math.inf, "each": [math.nan, 1.5], "n": {"a": -math.inf, "b": True}})
    assert json.loads(capsys.readouterr().out) == {"psnr": None, "each": [None, 1.5], "n": {"a": None, "b": True}}


def test_counts_agree_with_their_nouns():
    assert (count(1, "slice"), count(2, "slice")) == ("1 slice", "2 slices")
