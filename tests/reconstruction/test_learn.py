"""A training run: images and masks from specs, a checkpoint until the weights are there, a card that tells all."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.learning import Run
from minimand.reconstruction.learn import Plan, train
from minimand.reconstruction.networks import load_network
from minimand.reconstruction.phantoms import phantom
from minimand.weights import load_weights


@pytest.fixture
def stack(tmp_path):
    """Twelve images of 20 x 24 in a file."""
    images = np.stack([phantom((20, 24), torch.Generator().manual_seed(k)).numpy() for k in range(12)])
    np.save(tmp_path / "stack.npy", images)
    return str(tmp_path / "stack.npy")


@pytest.fixture(scope="module")
def ways(acquisition):
    return acquisition("radial:0.4")


def told(show):
    """A watch that calls `show` after every step."""
    return lambda steps: nullcontext(show)


def plan(data, **options):
    usual = {"data": [data], "sampling": ["radial:0.4"], "depth": 1, "steps": 4, "batch": 2, "every": 2}
    return Plan(**{**usual, **options})


def test_the_card_tells_what_was_learned_from_and_what_it_suits(stack, acquisition, tmp_path):
    output = tmp_path / "w.safetensors"
    options = {"sampling": ["radial:0.4", "random:0.2", "radial:0.4"], "test": [f"{stack}[0:2]"]}
    ways = acquisition("radial:0.4", "random:0.2")
    done = train(plan(stack, **options), ways, Run(output, "minimand train ...", "CC0"))
    card = load_weights(output).card
    assert card["sampling"] == ["radial:0.4", "random:0.2"]
    assert card["suits"][0] == pytest.approx(0.2, abs=0.01)
    assert card["suits"][1] == pytest.approx(0.4, abs=0.02)
    assert card["sides"] == [20, 24]
    assert card["training"]["images"] == 10
    assert card["training"]["licence"] == "CC0"
    assert card["validation"]["psnr"] == done.best
    assert [(row["mask"], row["count"]) for row in card["tested"]] == [("radial:0.4", 2), ("random:0.2", 2)]
    assert not output.with_suffix(".checkpoint").exists()


def test_images_that_cannot_be_measured_are_told_before_any_step(stack, ways, tmp_path):
    def small(images, generator):
        if images.shape[-1] != 16:
            raise InputError("16 x 16 only")
        return ways.measure(images, generator)

    odd = replace(ways, trials={"small": small})
    output, fail = tmp_path / "w.safetensors", lambda progress: pytest.fail("a step was taken")
    for options in ({}, {"crop": (18, 18)}, {"crop": (16, 16), "validate": [stack]}):
        with pytest.raises(InputError, match="16 x 16 only"):
            train(plan(stack, **options), odd, Run(output, watch=told(fail)))


def test_resuming_with_other_options_is_refused_naming_them(stack, ways, tmp_path):
    class Stop(Exception):
        pass

    def stop(progress):
        if progress.step == 2:
            raise Stop

    output = tmp_path / "w.safetensors"
    with pytest.raises(Stop):
        train(plan(stack), ways, Run(output, watch=told(stop)))
    for options, said in [
        ({"batch": 3}, "batch 3"),
        ({"steps": 9}, "steps 9"),
        ({"sampling": ["full"]}, "sampling \\['full'\\]"),
    ]:
        with pytest.raises(InputError, match=f"this run has {said}, the one it would resume"):
            train(plan(stack, **options), ways, Run(output, resume=True))
    done = train(plan(stack, test=[f"{stack}[0:1]"]), ways, Run(output, resume=True))
    assert done.step == 4


def test_training_learns(stack, ways, tmp_path):
    output = tmp_path / "w.safetensors"
    train(plan(stack, steps=30, every=10), ways, Run(output))
    scores = load_weights(output).card["validation"]
    assert scores["psnr"] > scores["psnr_untrained"] + 0.5


def test_a_csnet_learns_too_and_its_card_says_how_it_is_built(stack, ways, tmp_path):
    output = tmp_path / "w.safetensors"
    options = {"network": "admm-csnet", "depth": 2, "filters": 8, "size": 3, "steps": 40, "every": 10}
    train(plan(stack, test=[f"{stack}[0:1]"], **options), ways, Run(output))
    card = load_weights(output).card
    assert (card["network"], card["arguments"]) == ("admm-csnet", {"depth": 2, "filters": 8, "size": 3})
    assert card["validation"]["psnr"] > card["validation"]["psnr_untrained"] + 0.3
    assert set(card["tested"][0]) >= {"zero-filled", "tv", "admm-csnet"}
    assert load_network(str(output))[0].unrolled.depth == 2


@pytest.mark.parametrize("network", ["admm-net", "admm-csnet"])
def test_complex_images_are_learned_and_the_card_says_where_phases_come_from(stack, ways, network, tmp_path):
    output = tmp_path / "w.safetensors"
    train(plan(stack, network=network, complex_=True), ways, Run(output))
    assert "made, not measured" in load_weights(output).card["training"]["phases"]
    train(plan(stack, network=network), ways, Run(output, force=True))
    assert "phases" not in load_weights(output).card["training"]


def test_minutes_become_steps_once(stack, ways, tmp_path):
    class Stop(Exception):
        pass

    def stop(progress):
        raise Stop

    seen = []
    output, asked = tmp_path / "w.safetensors", plan(stack, minutes=0.01, every=1)
    with pytest.raises(Stop):  # after the first validation
        train(asked, ways, Run(output, watch=lambda steps: nullcontext((seen.append(steps), stop)[1])))
    done = train(asked, ways, Run(output, resume=True))
    assert done.steps == seen[0] >= 1


def test_weights_of_another_network_are_no_start(stack, ways, tmp_path):
    output = tmp_path / "w.safetensors"
    train(plan(stack), ways, Run(output))
    with pytest.raises(InputError, match="is admm-net, not admm-csnet"):
        train(plan(stack, network="admm-csnet", start=str(output)), ways, Run(tmp_path / "v.safetensors"))


@pytest.mark.parametrize("network", ["admm-net", "admm-csnet"])
def test_learning_without_truth_says_so_on_the_card_and_resumes_bit_for_bit(stack, ways, network, tmp_path):
    class Stop(Exception):
        pass

    def stop(progress):
        if progress.step == 4:
            raise Stop

    asked = plan(stack, network=network, self_supervised=True, test=[f"{stack}[0:1]"])
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    done = train(replace(asked, steps=5), ways, Run(whole))
    card = load_weights(whole).card
    assert "no truth" in card["loss"]
    assert card["validation"]["heldout"] == done.best
    assert "psnr" not in card["validation"]
    assert card["summary"].endswith("dB held out")
    assert card["training"]["images"] == 10
    assert card["tested"][0]["count"] == 1
    with pytest.raises(Stop):
        train(replace(asked, steps=5), ways, Run(parts, watch=told(stop)))
    train(replace(asked, steps=5), ways, Run(parts, resume=True))
    assert load_weights(parts).card["sha256"] == card["sha256"]
