"""Networks without atlases: any size, the same rule as fusion, and one example learned by heart."""

import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.systems.segmentation.direct import DIRECT, rule_of
from minimand.systems.segmentation.learn_direct import DirectPlan, Labelling, train_direct


@pytest.mark.parametrize("name", DIRECT)
def test_every_pixel_gets_shares_that_add_up(bodies, name):
    target, images, labels, _ = bodies(2, (22, 31))
    rule = rule_of(DIRECT[name](3))
    votes = rule(target, images, labels)
    assert votes.shape == (3, 1, 22, 31)
    assert_close(votes.sum(0), torch.ones_like(target))
    assert_close(rule(target, images.flip(0), labels.roll(1, 0)), votes)
    with pytest.raises(ValueError, match="learned 3 labels, the atlases have 2"):
        rule(target, images, labels[:, :2])
    with pytest.raises(ValueError, match="learned images"):
        rule(target.expand(4, -1, -1), images.expand(-1, 4, -1, -1), labels.expand(-1, -1, 4, -1, -1))


@pytest.mark.parametrize("name", DIRECT)
def test_an_example_is_learned_by_heart(bodies, name):
    target, _, _, truth = bodies(1, (32, 40))
    pair = (target, truth.argmax(0))
    task = Labelling([pair], [pair], 3, 0)
    net = DIRECT[name](3)
    before = task.validate(net)
    adam = torch.optim.Adam(net.parameters(), 3e-3)
    for step in range(60):
        adam.zero_grad()
        task.loss(net, step).backward()
        adam.step()
    assert task.validate(net) > max(80, before)


def test_volumes_are_refused(tmp_path, write_atlases):
    from minimand.learning import Run

    folder = write_atlases(tmp_path / "atlases", 5, (8, 12, 12))
    with pytest.raises(InputError, match="holds volumes; unet learns images"):
        train_direct(DirectPlan("unet", str(folder)), Run(tmp_path / "w.safetensors"))
