"""`minimand train hyperadam`: from optimizees to weights that `HyperAdam` takes, and what is refused."""

import json

import pytest
import torch

from minimand.systems.optimizers import HyperAdam, RNNprop

LSTM = ["--data", ".", "--optimizee", "lstm", "--validate", "lstm", "--steps", 1, "--batch", 1]


def test_training_writes_weights_with_a_card_that_the_optimizer_takes(work, done):
    found = json.loads(done("train", "rnnprop", *LSTM, "-o", "w.safetensors", "--licence", "made", "--json"))
    assert found["rule"] == "rnnprop"
    card = json.loads(done("weights", "show", "w.safetensors"))
    assert card["training"]["command"].startswith("minimand train rnnprop --data . --optimizee lstm")
    assert card["training"]["licence"] == "made"
    assert card["training"]["optimizees"] == (["lstm"] if found["step"] else [])
    assert card["validation"]["optimizees"] == ["lstm"]
    assert card["validation"]["late_loss_db"] == found["validation_db"]
    assert card["validation"]["late_loss_db"] >= card["validation"]["late_loss_db_untrained"]
    assert card["numbers"] == 6641
    parameter = torch.nn.Parameter(torch.zeros(3))
    parameter.grad = torch.ones(3)
    RNNprop([parameter], weights="w.safetensors").step()
    assert bool((parameter != 0).all())
    with pytest.raises(ValueError, match="are weights of rnnprop, not of hyperadam"):
        HyperAdam([parameter], weights="w.safetensors")


def test_where_nothing_is_learned_the_start_is_kept_and_the_card_says_so(work, done):
    assert json.loads(done("train", "dmoptimizer", *LSTM, "--steps", 0, "-o", "w.safetensors", "--json"))["step"] == 0
    card = json.loads(done("weights", "show", "w.safetensors"))
    assert "as it is born, not meta-trained" in card["summary"]
    assert card["validation"]["late_loss_db"] == card["validation"]["late_loss_db_untrained"]
    assert card["training"]["optimizees"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mask", "radial:0.2"], "No such option: --mask"),
        (["--optimizee", "mlp-11"], "there is no optimizee 'mlp-11'. Known: mlp"),
        (["--optimizee", "mlp"], "holds no train-images-idx3-ubyte"),
        (["--from", "admm-net"], "are weights of admm-net, not of hyperadam"),
    ],
)
def test_what_an_optimizer_cannot_learn_from_is_refused(words, said, refused):
    assert said in refused("train", "hyperadam", *LSTM, *words, "-o", "w.safetensors")
