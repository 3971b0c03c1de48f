"""A training run: images and masks from specs, a checkpoint until the weights are there, a card that tells all."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.reconstruction import learn
from minimand.reconstruction.learn import Plan, check_run, load_split, train_admm_net, training_images
from minimand.reconstruction.phantoms import phantom, phantoms
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


def plan(data, **options):
    return Plan(**{"data": [data], "masks": ["radial:0.4"], "depth": 1, "steps": 4, "batch": 2, "every": 2, **options})


def test_the_last_sixth_of_each_source_is_for_choosing(stack):
    train, validation = load_split(Plan([stack, f"{stack}[0:3]"], ["full"]))
    assert [len(source) for source in train] == [10, 2]
    assert len(validation) == 3
    train, validation = load_split(Plan([stack], ["full"], validate=[f"{stack}[4:6]"]))
    assert [len(source) for source in train] == [12]
    assert len(validation) == 2


def test_many_validation_images_are_thinned_evenly(monkeypatch, stack):
    many = [torch.full((4, 4), float(k)) for k in range(200)]
    monkeypatch.setattr(learn, "training_images", lambda spec: many)
    _, validation = load_split(Plan(["a"], ["full"], validate=["b"]))
    values = [float(t[0, 0]) for t in validation]
    assert len(values) == 64
    assert (values[0], values[-1]) == (0.0, 199.0)


def test_images_to_learn_from_are_magnitudes_of_maximum_one(tmp_path):
    np.save(tmp_path / "x.npy", 7 * np.exp(1j * np.linspace(0, 3, 600)).reshape(20, 30) * np.linspace(0, 1, 30))
    (image,) = training_images(str(tmp_path / "x.npy"))
    assert image.dtype == torch.float32
    assert float(image.max()) == 1
    assert torch.equal(training_images("phantoms:2")[1], phantoms(2, seed=0)[1])
    with pytest.raises(InputError, match="write phantoms:COUNT"):
        training_images("phantoms:none")


def test_one_image_is_too_few(stack):
    with pytest.raises(InputError, match="too few to learn and to choose from"):
        load_split(Plan([f"{stack}[0]"], ["full"]))
    train, validation = load_split(Plan([f"{stack}[0]"], ["full"], validate=[f"{stack}[1]"]))
    assert (len(train[0]), len(validation)) == (1, 1)


def test_the_card_tells_what_was_learned_from_and_what_it_suits(stack, acquisition, tmp_path):
    output = tmp_path / "w.safetensors"
    options = {"masks": ["radial:0.4", "random:0.2", "radial:0.4"], "test": [f"{stack}[0:2]"]}
    ways = acquisition("radial:0.4", "random:0.2")
    done = train_admm_net(plan(stack, **options), ways, output, command="minimand train ...", licence="CC0")
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
    for options in ({}, {"crop": 18}, {"crop": 16, "validate": [stack]}):
        with pytest.raises(InputError, match="16 x 16 only"):
            train_admm_net(plan(stack, **options), odd, output, command="", show=fail)


def test_an_interrupted_run_is_not_lost_by_mistake(tmp_path):
    output, checkpoint = tmp_path / "w.safetensors", tmp_path / "w.checkpoint"
    assert check_run(output) == checkpoint
    with pytest.raises(InputError, match="there is no checkpoint to resume from"):
        check_run(output, resume=True)
    checkpoint.touch()
    assert check_run(output, resume=True) == check_run(output, force=True) == checkpoint
    with pytest.raises(InputError, match="an interrupted run lies here"):
        check_run(output)


def test_resuming_with_other_options_is_refused_naming_them(stack, ways, tmp_path):
    class Stop(Exception):
        pass

    def stop(progress):
        if progress.step == 2:
            raise Stop

    output = tmp_path / "w.safetensors"
    with pytest.raises(Stop):
        train_admm_net(plan(stack), ways, output, command="", show=stop)
    for options, said in [
        ({"batch": 3}, "batch 3"),
        ({"steps": 9}, "steps 9"),
        ({"masks": ["full"]}, "masks \\['full'\\]"),
    ]:
        with pytest.raises(InputError, match=f"this run has {said}, the one it would resume"):
            train_admm_net(plan(stack, **options), ways, output, command="", resume=True)
    done = train_admm_net(plan(stack, test=[f"{stack}[0:1]"]), ways, output, command="", resume=True)
    assert done.step == 4


def test_training_learns(stack, ways, tmp_path):
    output = tmp_path / "w.safetensors"
    train_admm_net(plan(stack, steps=30, every=10), ways, output, command="")
    scores = load_weights(output).card["validation"]
    assert scores["psnr"] > scores["psnr_untrained"] + 0.5
