"""The networks that ship: small, whole, with a card that says where they come from."""

import pytest

from minimand.reconstruction.networks import load_network
from minimand.weights import shipped


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_network_loads_and_its_card_is_complete(name):
    net, card = load_network(name)
    assert card["name"] == name
    assert card["numbers"] == sum(p.numel() for p in net.parameters())
    if card["network"] == "admm-net":
        assert card["numbers"] == 952 * card["arguments"]["depth"] + 72
    assert card["training"]["command"].startswith(f"minimand train {card['network']}")
    assert card["training"]["licence"]
    assert {"psnr", "images"} <= set(card["validation"])
    assert {"suits", "sides", "versions", "sha256"} <= set(card)


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_network_is_small_and_better_than_tv_where_it_was_tested(name):
    assert shipped()[name].stat().st_size < 1_000_000
    card = load_network(name)[1]
    for row in card["tested"]:
        assert row[card["network"]]["psnr"] > row["tv"]["psnr"] > row["zero-filled"]["psnr"]
