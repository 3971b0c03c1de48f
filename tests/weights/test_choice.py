"""Which network a way of measuring calls for."""

import pytest
import torch

from minimand import weights
from minimand.io import InputError
from minimand.weights import cards_of, choice, save_weights
from minimand.weights.choice import research_weights, suiting, terms_of, usual_weights

CARDS = {
    "low": {"network": "admm-csnet", "sampling": ["hadamard:0.1"]},
    "high": {"network": "admm-csnet", "sampling": ["hadamard:40%", "hadamard:0.3"]},
    "other": {"network": "admm-net", "sampling": ["radial:0.2"]},
    "bare": {"network": "admm-csnet"},
}


@pytest.mark.parametrize(
    ("network", "sampling", "name"),
    [
        ("admm-csnet", "hadamard:0.12", "low"),
        ("admm-csnet", "hadamard:30%", "high"),
        ("admm-csnet", "diffraction:0.3", None),
        ("admm-net", "radial:0.5", "other"),
        ("admm-net", "hadamard:0.1", None),
        ("admm-net", "mask.npz:key", None),
    ],
)
def test_the_kind_decides_and_then_the_nearest_rate(network, sampling, name):
    assert suiting(CARDS, network, sampling) == name


def test_where_none_ships_it_says_how_to_make_one(monkeypatch):
    monkeypatch.setattr(choice, "cards_of", lambda files: CARDS)
    assert usual_weights("admm-csnet", "hadamard:0.3") == "high"
    with pytest.raises(InputError, match=r"minimand train admm-csnet --data free-pictures --operator blocks:0.3"):
        usual_weights("admm-csnet", "blocks:0.3")


def test_research_networks_come_from_their_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIMAND_RESEARCH", str(tmp_path))
    with pytest.raises(InputError, match="no weights-research folder is at hand"):
        research_weights("admm-csnet", "hadamard:0.3")
    card = {"name": "mine", "network": "admm-csnet", "arguments": {}, "sampling": ["hadamard:0.3"], "terms": "research"}
    save_weights(tmp_path / "mine.safetensors", card, {"x": torch.ones(1)})
    assert research_weights("admm-csnet", "hadamard:0.25") == tmp_path / "mine.safetensors"
    assert list(weights.research()) == ["mine"]
    with pytest.raises(InputError, match=r"holds no admm-csnet for blocks:0.3; it holds mine"):
        research_weights("admm-csnet", "blocks:0.3")


def test_a_card_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(InputError, match=r"a\.json: the card of these weights cannot be read"):
        cards_of({"a": tmp_path / "a.safetensors"})


def test_the_word_is_said_only_of_research_weights():
    assert terms_of({"name": "a", "training": {"licence": "CC0"}}) is None
    said = terms_of({"name": "a", "terms": "research", "training": {"licence": "BSD: non-commercial"}})
    assert said == "a: weights for research use (BSD: non-commercial)"
