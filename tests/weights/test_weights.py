"""Weights and their card: what is written comes back, and nothing else is taken for it."""

import json

import pytest
import torch
from safetensors.torch import save, save_file

from minimand.io import InputError
from minimand.weights import FORMAT, digest, load_weights, save_weights, shipped

CARD = {"network": "admm-net", "arguments": {"depth": 2}, "seed": 0}


def numbers():
    return {"a.weight": torch.randn(3, 4), "b": torch.randn(2, dtype=torch.float64), "count": torch.tensor(3)}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "net.safetensors"
    save_weights(path, CARD, numbers())
    return path


def test_what_is_written_comes_back(tmp_path):
    state, path = numbers(), tmp_path / "net.safetensors"
    save_weights(path, CARD, state)
    found = load_weights(path)
    assert found.name == "net"
    assert found.card.items() >= CARD.items()
    assert found.card["numbers"] == 15
    assert set(found.state) == set(state)
    assert all(torch.equal(found.state[name], value) for name, value in state.items())
    assert all(found.state[name].dtype == value.dtype for name, value in state.items())


def test_the_card_lies_beside_the_numbers(path):
    assert json.loads(path.with_suffix(".json").read_text()) == load_weights(path).card


def test_every_byte_of_the_numbers_counts(path):
    whole = path.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    for where in (header, (header + len(whole)) // 2, len(whole) - 1):
        damaged = bytearray(whole)
        damaged[where] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="the file is damaged"):
            load_weights(path)


@pytest.mark.parametrize("where", [0, 3, 8, 12])
def test_a_damaged_header_is_refused(path, where):
    damaged = bytearray(path.read_bytes())
    damaged[where] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(InputError):
        load_weights(path)


@pytest.mark.parametrize("kept", [0, 4, 8, 60, -1])
def test_a_truncated_file_is_refused(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError):
        load_weights(path)


def test_somebody_else_s_file_is_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file(numbers(), path)
    with pytest.raises(InputError, match="not one of Minimand"):
        load_weights(path)


@pytest.mark.parametrize(
    "card",
    ["[]", "nonsense", json.dumps({"format": FORMAT}), json.dumps({"format": "x", "arguments": {}}), "[" * 10**5],
)
def test_a_card_that_is_none_is_refused(tmp_path, card):
    path = tmp_path / "other.safetensors"
    path.write_bytes(save(numbers(), {"card": card}))
    with pytest.raises(InputError):
        load_weights(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(tmp_path, value):
    state, path = numbers(), tmp_path / "net.safetensors"
    state["a.weight"][1, 2] = value
    save_weights(path, CARD, state)
    with pytest.raises(InputError, match=r"a\.weight has values that are not finite"):
        load_weights(path)


def test_a_missing_file_is_told_with_what_ships():
    with pytest.raises(InputError, match="no such weights"):
        load_weights("no-such-net")


def test_names_end_in_safetensors_and_nothing_is_overwritten_unasked(path):
    with pytest.raises(InputError, match=r"written as \.safetensors"):
        save_weights(path.with_suffix(".pt"), CARD, numbers())
    before = path.read_bytes()
    with pytest.raises(InputError, match="exists already"):
        save_weights(path, CARD, numbers())
    assert path.read_bytes() == before
    save_weights(path, CARD, numbers(), force=True)


def test_the_hash_knows_names_types_and_shapes():
    value = torch.zeros(2, 2)
    hashes = {
        digest(state)
        for state in [
            {"a": value},
            {"b": value},
            {"a": value.reshape(4)},
            {"a": value.int()},
            {"a": value + 1},
            {"a": value.bfloat16()},
        ]
    }
    assert len(hashes) == 6


def test_every_shipped_network_can_be_loaded():
    for name in shipped():
        weights = load_weights(name)
        assert weights.card["network"]
        assert weights.card["sha256"] == digest(weights.state)
