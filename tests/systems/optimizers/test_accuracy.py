"""Table 3: loss and accuracies on test pictures after long runs."""

import pytest
import torch
from torch import Generator
from torch.testing import assert_close

from minimand.systems.optimizers import accuracy
from minimand.systems.optimizers.accuracy import accuracies, accuracy_table
from minimand.systems.optimizers.optimizees import CNN, CrossEntropy


def test_accuracies_are_those_of_each_learner_on_all_pictures(pictures, monkeypatch):
    monkeypatch.setattr(accuracy, "AT_ONCE", 70)
    net = CNN(pictures, ((4,),))
    x = net.begin(2, Generator().manual_seed(0))
    found = accuracies(net, x)
    images, labels = (t.expand(2, *t.shape) for t in pictures)
    order = net.logits(x, images).argsort(2, descending=True)
    right = order == labels.unsqueeze(2)
    assert_close(found["loss"], CrossEntropy(net, images, labels)(x))
    assert_close(found["top1"], 100 * right[..., 0].float().mean(1))
    assert_close(found["top2"], 100 * right[..., :2].any(2).float().mean(1))
    assert not torch.equal(found["top1"], found["top2"])


@pytest.mark.parametrize("runs", [1, 2])
def test_the_table_has_every_rule_beside_the_published(mnist_folder, runs):
    told = []
    found = accuracy_table(mnist_folder, runs=runs, steps=2, show=lambda *what: told.append(what))
    rows = {row["method"]: row for row in found["rows"]}
    assert list(rows) == ["adam", "dmoptimizer", "rnnprop", "hyperadam", "hyperadam*0.3"]
    assert rows["hyperadam"]["published"]["CNN-2"] == {"loss": 0.07, "top1": 99.02, "top2": 99.78}
    for method in ("adam", "hyperadam", "hyperadam*0.3"):
        cell = rows[method]["tasks"]["CNN-1"]
        assert 0 <= cell["top1"] <= cell["top2"] <= 100
        assert ("loss_spread" in cell) == (runs > 1)
    assert ("adam, CNN-1", 2, 2) in told
    assert f"{runs} run" in found["on"]
