"""The denoising networks for research use: whole, and better than total variation."""

import pytest
import torch

from minimand.io import read_images
from minimand.metrics import psnr
from minimand.reconstruction.denoisers import build, suiting
from minimand.systems.restoration.methods import get_method
from minimand.weights import load_weights, research

LEVELS = (15, 25, 50)
NAMES = (*(f"foe-{s}{kind}-research" for s in LEVELS for kind in ("", "-shared")), "dncnn-25-research")
there = pytest.mark.skipif(not set(NAMES) <= set(research()), reason="needs the networks of weights-research")


@there
@pytest.mark.parametrize("name", NAMES)
def test_a_network_loads_and_its_card_is_complete(name):
    loaded = load_weights(research()[name])
    card = loaded.card
    assert card["terms"] == "research"
    assert card["numbers"] == sum(p.numel() for p in build(loaded).parameters())
    assert card["training"]["command"].startswith(f"minimand train {name.partition('-')[0]} ")
    assert "Berkeley" in card["training"]["licence"]
    assert card["validation"]["psnr"] > card["validation"]["psnr_untrained"]


@there
@pytest.mark.parametrize("sigma", LEVELS)
def test_the_one_that_shares_nothing_is_what_research_takes(sigma):
    assert suiting("foe", float(sigma), research()).stem == f"foe-{sigma}-research"


@there
@pytest.mark.parametrize("name", NAMES)
def test_it_is_better_than_total_variation_on_a_picture(data, name):
    clean = torch.from_numpy(read_images(data / "images" / "bsd68_dev" / "test063.png").arrays[0])[
        None, 100:228, 100:228
    ]
    level = float(name.split("-")[1])
    noisy = clean + level * torch.randn(clean.shape, dtype=clean.dtype)
    sigma = torch.tensor([level], dtype=torch.float64)
    learned, tv = (
        float(psnr(get_method(method, level, weights).run(noisy, sigma), clean, 255.0))
        for method, weights in ((name.partition("-")[0], str(research()[name])), ("tv", None))
    )
    assert learned > tv + 0.5
