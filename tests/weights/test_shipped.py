"""What ships: small, whole, with a card that says where it comes from, and better than what it is to replace."""

import pytest

from minimand.reconstruction.denoisers import NETWORKS as DENOISERS
from minimand.reconstruction.denoisers import build
from minimand.reconstruction.networks import NETWORKS, load_network
from minimand.systems.dehazing.network import NETWORK as HAZE
from minimand.systems.dehazing.network import load_network as load_dehazing
from minimand.systems.optimizers.rules import RULES, load_rule
from minimand.systems.segmentation.network import NETWORK as FUSION
from minimand.systems.segmentation.network import load_network as load_fusion
from minimand.systems.shapes.network import NETWORK as SHAPES
from minimand.systems.shapes.network import load_network as load_shapes
from minimand.systems.synthesis import tables as synthesis
from minimand.systems.synthesis.heads import virtual_head
from minimand.systems.synthesis.synthesize import load_network as load_generator
from minimand.systems.synthesis.template import read_template
from minimand.weights import load_weights, shipped, shipped_cards

CARDS = shipped_cards()
RECONSTRUCT = [name for name, card in CARDS.items() if card["network"] in NETWORKS]
DENOISE = [name for name, card in CARDS.items() if card["network"] in DENOISERS]
FUSE = [name for name, card in CARDS.items() if card["network"] == FUSION]
OPTIMIZE = [name for name, card in CARDS.items() if card["network"] in RULES]
RETRIEVE = [name for name, card in CARDS.items() if card["network"] == SHAPES]
DEHAZE = [name for name, card in CARDS.items() if card["network"] == HAZE]
SYNTHESIZE = [name for name, card in CARDS.items() if card["network"] == synthesis.NETWORK]


def test_everything_that_ships_is_known_and_small():
    assert sorted(RECONSTRUCT + DENOISE + FUSE + OPTIMIZE + RETRIEVE + SYNTHESIZE + DEHAZE) == sorted(shipped())
    for name, path in shipped().items():
        assert path.stat().st_size < (100_000 if name in OPTIMIZE else 1_000_000)


def complete(name, net, card):
    """What every card says."""
    assert card["name"] == name
    assert card["numbers"] == sum(value.numel() for value in net.state_dict().values())
    assert card["training"]["command"].startswith(f"minimand train {card['network']}")
    assert card["training"]["licence"]
    assert {"versions", "sha256"} <= set(card)


@pytest.mark.parametrize("name", RECONSTRUCT)
def test_a_shipped_network_loads_and_its_card_is_complete(name):
    net, card = load_network(name)
    complete(name, net, card)
    if card["network"] == "admm-net":
        assert card["numbers"] == 952 * card["arguments"]["depth"] + 72
    assert {"psnr", "images"} <= set(card["validation"])
    assert {"suits", "sides"} <= set(card)


@pytest.mark.parametrize("name", RECONSTRUCT)
def test_a_shipped_network_is_better_than_tv_where_it_was_tested(name):
    card = load_network(name)[1]
    for row in card["tested"]:
        assert row[card["network"]]["psnr"] > row["tv"]["psnr"] > row["zero-filled"]["psnr"]


@pytest.mark.parametrize("name", DENOISE)
def test_a_shipped_denoiser_loads_and_is_better_than_it_was_born(name):
    loaded = load_weights(name)
    complete(name, build(loaded), loaded.card)
    assert loaded.card["validation"]["psnr"] > loaded.card["validation"]["psnr_untrained"]


@pytest.mark.parametrize("name", FUSE)
def test_a_shipped_fusion_loads_and_is_better_than_a_majority_vote(name):
    net, card = load_fusion(name)
    complete(name, net, card)
    score = card["validation"]
    assert score["dice"] > max(score["dice_majority"], score["dice_untrained"])


@pytest.mark.parametrize("name", OPTIMIZE)
def test_a_shipped_rule_loads_and_is_not_worse_than_it_was_born(name):
    rule, card = load_rule(CARDS[name]["network"])
    complete(name, rule, card)
    assert name == card["network"]  # what the optimizer's class loads
    assert card["validation"]["late_loss_db"] >= card["validation"]["late_loss_db_untrained"]


@pytest.mark.parametrize("name", RETRIEVE)
def test_a_shipped_network_of_shapes_loads(name):
    net, card = load_shapes(name)
    complete(name, net, card)


@pytest.mark.parametrize("name", DEHAZE)
def test_a_shipped_network_for_haze_loads_and_is_better_than_it_was_born(name):
    net, card = load_dehazing(name)
    complete(name, net, card)
    assert card["validation"]["psnr"] > card["validation"]["psnr_untrained"]


@pytest.mark.parametrize("name", SYNTHESIZE)
def test_a_shipped_generator_of_ct_loads_and_says_what_it_is_for(name):
    net, card = load_generator(name)
    complete(name, net, card)
    assert "demonstration" in card["summary"]
    assert "no medical device" in card["use"]


@pytest.mark.parametrize("name", SYNTHESIZE)
def test_a_shipped_generator_makes_better_ct_than_the_mean_of_others(name, data):
    template = read_template(data / "mrct" / "template")
    head = virtual_head(template, 1000)
    others = [virtual_head(template, seed).ct for seed in synthesis.LEARNED_CT]
    made = synthesis.predictor(name)(head.mr)
    assert (made - head.ct).abs().mean() < 0.9 * (sum(others) / len(others) - head.ct).abs().mean()
