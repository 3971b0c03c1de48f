"""Scenes, the haze made in them, and a training run."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from minimand.io import InputError
from minimand.learning import Run
from minimand.systems.dehazing import training
from minimand.systems.dehazing.learn import Plan, train
from minimand.systems.dehazing.network import ProximalDehaze, load_network
from minimand.systems.dehazing.scenes import Scene, draw, hazy, read_scenes, split
from minimand.systems.dehazing.training import Dehazing


@pytest.fixture
def scenes(tmp_path):
    """Eleven scenes of 40 x 50 pixels: blocks of colour, farther to the right, the depth in 8 bits up to 250."""
    rng = np.random.default_rng(1)
    for folder in ("gt", "depth"):
        (tmp_path / "scenes" / folder).mkdir(parents=True)
    for k in range(11):
        blocks = rng.integers(0, 256, (4, 5, 3), np.uint8).repeat(10, 0).repeat(10, 1)
        Image.fromarray(blocks).save(tmp_path / "scenes" / "gt" / f"{k:02}.png")
        depth = np.broadcast_to(np.linspace(25, 250, 50).astype(np.uint8), (40, 50))
        Image.fromarray(depth).save(tmp_path / "scenes" / "depth" / f"{k:02}.png")
    return tmp_path / "scenes"


def test_scenes_are_read_with_depths_up_to_one(scenes):
    found = read_scenes(scenes)
    assert [scene.name for scene in found] == [f"{k:02}" for k in range(11)]
    assert found[0].clear.shape == (3, 40, 50)
    assert float(found[0].depth.max()) == 1.0
    assert float(found[0].depth.min()) == pytest.approx(0.1)


def test_every_fifth_scene_reports_and_every_fifth_of_the_others_chooses(scenes):
    learned, chosen, reported = split(read_scenes(scenes))
    assert [s.name for s in reported] == ["02", "07"]
    assert [s.name for s in chosen] == ["03", "09"]
    assert len(learned) == 7


def test_a_drawing_is_the_haze_it_says(scenes):
    scene = read_scenes(scenes)[0]
    for seed in range(4):
        I, beta, A = draw(scene, torch.Generator().manual_seed(seed))
        T = torch.exp(-beta * scene.depth)
        assert_close(I, scene.clear * T + A[:, None, None] * (1 - T), atol=0.51 / 255, rtol=0)
        assert 0.7 - 1e-6 <= float(A.min()) <= float(A.max()) <= 1
        assert torch.equal(I, draw(scene, torch.Generator().manual_seed(seed))[0])


def test_haze_of_the_data_is_made_again(data):
    """The published hazy picture of a scene, to 8-bit rounding of picture and depth (README: 58 dB)."""
    scene = next(s for s in read_scenes(data / "haze") if s.name == "1404")
    with Image.open(data / "haze" / "hazy" / "1404_5.png") as file:
        published = torch.from_numpy(np.asarray(file).astype(np.float32) / 255).permute(2, 0, 1)
    error = (hazy(scene, 1.0) - published).square().mean()
    assert -10 * float(torch.log10(error)) > 50


def test_a_run_is_told_on_the_card(scenes, tmp_path):
    output = tmp_path / "net.safetensors"
    plan = Plan([str(scenes)], 1, steps=4, batch=2, every=2)
    progress = train(plan, Run(output, "minimand train", "none", research=True))
    _, card = load_network(str(output))
    assert card["validation"]["psnr"] == progress.best
    assert card["terms"] == "research"
    assert card["training"]["images"] == 7
    assert set(card["training"]["scenes"]).isdisjoint(["02", "07", *card["validation"]["scenes"]])
    assert not (tmp_path / "net.checkpoint").exists()
    deeper = Plan([str(scenes)], 2, steps=1, batch=1, start=str(output))
    train(deeper, Run(tmp_path / "two.safetensors"))
    assert load_network(str(tmp_path / "two.safetensors"))[0].unrolled.depth == 2
    with pytest.raises(InputError, match="has 2 stages, more than 1"):
        train(Plan([str(scenes)], start=str(tmp_path / "two.safetensors")), Run(output, force=True))
    assert json.loads(output.with_suffix(".json").read_text())["arguments"] == {"depth": 1}


def test_one_mini_batch_is_learned(scenes, monkeypatch):
    monkeypatch.setattr(training, "JOINED", 0.0)  # as they are: this is about learning, not about variations
    monkeypatch.setattr(training, "varied", lambda scene, generator: scene)
    found = read_scenes(scenes)
    task, net = Dehazing(found, found[:1], 2, 0), ProximalDehaze(1)
    adam = torch.optim.Adam(net.parameters(), lr=0.01)
    losses = []
    for _ in range(80):
        adam.zero_grad()
        losses.append(task.loss(net, 3))
        losses[-1].backward()
        adam.step()
    assert float(losses[-1].detach()) < 0.6 * float(losses[0].detach())


def test_folders_without_scenes_and_depths_that_do_not_fit_are_told(scenes, tmp_path):
    with pytest.raises(InputError, match=r"holds no gt/\*.png"):
        read_scenes(tmp_path)
    Image.fromarray(np.zeros((40, 50), np.uint8)).save(scenes / "depth" / "04.png")
    with pytest.raises(InputError, match="is 0 everywhere"):
        read_scenes(scenes)
    Image.fromarray(np.ones((4, 5), np.uint8)).save(scenes / "depth" / "04.png")
    with pytest.raises(InputError, match=r"a depth of its size are needed"):
        read_scenes(scenes)


def test_too_few_scenes_are_told(scenes, tmp_path):
    for k in range(1, 11):
        (scenes / "gt" / f"{k:02}.png").unlink()
    with pytest.raises(InputError, match="too few to learn and choose from"):
        train(Plan([str(scenes)]), Run(tmp_path / "a.safetensors"))
    assert isinstance(read_scenes(scenes)[0], Scene)
