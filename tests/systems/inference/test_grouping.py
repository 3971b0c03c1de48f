"""Neural EM: images by rule, EM of the core with a network as its M-step, and what it is taught."""

import pytest
import torch
from torch.testing import assert_close

from minimand import Energy, solve
from minimand.learning import fit
from minimand.metrics import adjusted_mutual_information
from minimand.steps import EM
from minimand.systems.inference.grouping import Decoder, Grouping, LearnGrouping, RecurrentMaximise, shapes
from minimand.terms import SpatialMixture


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_images_are_unions_of_three_shapes():
    y, groups = shapes(20, seeded())
    assert set(y.unique().tolist()) == {0.0, 1.0}
    assert bool((y[groups > 0] == 1).all())
    assert set(groups.unique().tolist()) == {0, 1, 2, 3}
    area = (groups == 1).sum(1)
    assert int(area.max()) <= 121
    assert torch.equal(y, shapes(20, seeded())[0])


def test_the_network_is_em_of_the_core():
    torch.manual_seed(0)
    net, y = Grouping(groups=3, depth=4, numbers=5, pixels=6), torch.rand(2, 6).round()
    data = SpatialMixture(net.decoder, y)
    noise = torch.randn(2, 3, 6, generator=seeded(3)).abs()
    start = EM.State(torch.zeros(2, 3, 5), noise / noise.sum(1, keepdim=True))
    found = solve(net.unrolled.stages[0].step, data, start, max_iter=4, tol=0.0)
    logits, q = net.trace(y, seeded(3))[-1]
    assert_close(q, found.state.q)
    assert_close(logits, data.logits(found.x))
    assert_close(q.sum(1), torch.ones(2, 6))
    with pytest.raises(TypeError, match="a data term with `maximise`, SpatialMixture has none"):
        EM().init(Energy(data), start.x)
    EM(RecurrentMaximise(5, 6)).init(Energy(data), start.x)


@pytest.mark.slow
def test_learning_lowers_the_loss_of_images_that_it_has_not_seen():
    torch.manual_seed(0)
    y = shapes(300, seeded())[0]
    net = Grouping(groups=3, depth=4, numbers=40)
    task = LearnGrouping(y[:250], y[250:], batch=16)
    before = task.validate(net)
    fit(net, task, steps=60, rate=lambda name: 3e-3, every=30)
    assert task.validate(net) > 0.6 * before  # losses are negated


def test_groups_are_found_by_their_shares_alone():
    net = Grouping(groups=3, depth=2, numbers=4, pixels=9)
    assert isinstance(net.decoder, Decoder)
    assert net(torch.ones(2, 9)).shape == (2, 9)


def test_agreement_of_groupings():
    a = torch.tensor([0, 0, 1, 1, 2, 2])
    assert adjusted_mutual_information(a, (a + 1) % 3) == pytest.approx(1)
    assert adjusted_mutual_information(a, torch.zeros(6).long()) == pytest.approx(0, abs=1e-9)
    assert adjusted_mutual_information(torch.zeros(4).long(), torch.zeros(4).long()) == 1
    b = torch.tensor([0, 1, 0, 1, 1, 1])
    chance = [adjusted_mutual_information(a, b[torch.randperm(6, generator=seeded(k))]) for k in range(2000)]
    assert sum(chance) / 2000 == pytest.approx(0, abs=0.03)
