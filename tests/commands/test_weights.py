"""`minimand weights`: what ships, cards, and the authors' networks."""

import json

import pytest

from minimand.reconstruction.networks import NETWORKS
from minimand.weights import load_weights, shipped


def test_the_list_names_what_ships_with_its_summary(scans, work, minimand, monkeypatch):
    monkeypatch.setattr("minimand.weights.SHIPPED", work)
    monkeypatch.setenv("MINIMAND_RESEARCH", str(work / "none"))
    code, out, err = minimand("weights", "list")
    assert (code, out) == (0, "")
    assert "no networks ship" in err
    for suffix in (".safetensors", ".json"):
        (work / f"mine{suffix}").write_bytes((scans / f"tiny{suffix}").read_bytes())
    assert minimand("weights", "list").out == "mine: admm-net, 1976 numbers; 2 stages, untrained\n"
    cards = json.loads(minimand("weights", "list", "--json").out)["weights"]
    assert cards["mine"]["arguments"] == {"depth": 2}
    assert json.loads(minimand("weights", "show", "mine").out) == cards["mine"]


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_card_is_shown_as_json(scans, done, words):
    card = json.loads(done("weights", "show", scans / "tiny.safetensors", *words))
    assert card == load_weights(scans / "tiny.safetensors").card


def test_an_authors_network_is_imported_and_used(scans, data, work, done, refused):
    words = ["weights", "import", data / "mri" / "nets" / "net-stage7.mat", "-o", "stage7.safetensors"]
    assert done(*words) == "stage7.safetensors: admm-net with 9 full stages from net-stage7.mat\n"
    assert "exists already" in refused(*words)
    assert json.loads(done(*words, "--force", "--json"))["depth"] == 9
    rows = json.loads(
        done("compare", scans / "one.npy", "--mask", "radial:0.2", "--weights", "stage7.safetensors", "--json")
    )
    assert rows["methods"]["admm-net"]["psnr"] > rows["methods"]["zero-filled"]["psnr"]


@pytest.mark.skipif(not shipped(), reason="no weights ship yet")
@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_card_says_where_the_network_comes_from(name):
    card = load_weights(name).card
    assert card["name"] == name
    assert card["summary"]
    assert card["training"]["licence"]
    assert card["training"]["command"].startswith("minimand train ")
    if card["network"] not in NETWORKS:  # others are not for measurements of scans
        return
    low, high = card["suits"]
    assert 0 < low <= high <= 1
    smallest, largest = card["sides"]
    assert 1 < smallest <= largest
