"""Neural EM: images by rule, EM of the core with a network as its M-step, and what it is taught."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from minimand import Energy, solve
from minimand.learning import fit
from minimand.metrics import adjusted_mutual_information
from minimand.steps import EM
from minimand.systems.inference.grouping import (
    SIDE,
    Grouping,
    LearnGrouping,
    MatchMaximise,
    Placed,
    RecurrentMaximise,
    agreement,
    rate,
    shapes,
)
from minimand.terms import SpatialMixture
from minimand.terms.spatial_mixture import grouping_loss


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
    assert set(shapes(20, seeded(), things=1)[1].unique().tolist()) == {0, 1}


def networks():
    """The network of things at places, and the authors' recurrent one."""
    torch.manual_seed(0)
    recurrent = Grouping(nn.Linear(5, SIDE**2), RecurrentMaximise(5), numbers=5, groups=3, depth=3)
    return [Grouping(groups=3, depth=3), recurrent]


@pytest.mark.parametrize("net", networks(), ids=["placed", "recurrent"])
def test_the_network_is_em_of_the_core(net):
    y = shapes(2, seeded(1))[0]
    data = SpatialMixture(net.decoder, y)
    noise = torch.randn(2, 3, SIDE**2, generator=seeded(3)).abs()
    start = EM.State(torch.zeros(2, 3, net.numbers), noise / noise.sum(1, keepdim=True))
    found = solve(net.unrolled.stages[0].step, data, start, max_iter=3, tol=0.0)
    logits, q = net.trace(y, seeded(3))[-1]
    assert_close(q, found.state.q)
    assert_close(logits, data.logits(found.x))
    assert_close(q.sum(1), torch.ones(2, SIDE**2))
    with pytest.raises(TypeError, match="a data term with `maximise`, SpatialMixture has none"):
        EM().init(Energy(data), start.x)


def test_a_template_lies_where_theta_says():
    decoder = Placed(2)
    with torch.no_grad():
        decoder.templates.zero_()[1, 5, 4] = 3.0
    theta = torch.full((1, 1, 2, SIDE, SIDE), -50.0)
    theta[..., 1, 8, 12] = 50
    seen = (decoder(theta.flatten(2)).reshape(SIDE, SIDE) - decoder.nothing).detach()
    assert_close(seen[8, 11], torch.tensor(3.0))
    assert float(seen.abs().sum()) == pytest.approx(3, abs=1e-4)


def test_filters_match_where_the_residual_is_group_by_group():
    step, data = MatchMaximise(2), SpatialMixture(Placed(2), torch.rand(1, SIDE**2, generator=seeded()))
    x, q = torch.randn(1, 3, 2 * SIDE**2), torch.rand(1, 3, SIDE**2)
    wanted, shares = x.clone(), q
    for k in range(3):
        wrong = (shares * (data.y.unsqueeze(1) - data.logits(wanted).sigmoid()))[0, k].reshape(1, 1, SIDE, SIDE)
        matched = nn.functional.conv2d(wrong, step.filters[:, None], padding=5)
        wanted = wanted.index_copy(1, torch.tensor([k]), (step.keep * x[:, k] + matched.flatten(1)).unsqueeze(1))
        shares = data.expect(wanted)
    assert_close(step(data, q, x), wanted, atol=1e-4, rtol=1e-4)


def test_groups_that_nothing_tells_apart_go_to_different_shapes():
    """Two squares far from each other, groups that start alike: the second explains what the first leaves."""
    torch.manual_seed(0)
    y = torch.zeros(1, SIDE, SIDE)
    y[0, 2:13, 2:13], y[0, 15:26, 14:25] = 1, 1
    data, step = SpatialMixture(Placed(2), y.flatten(1)), MatchMaximise(2)
    x = step(data, torch.full((1, 2, SIDE**2), 0.5), torch.zeros(1, 2, 2 * SIDE**2))
    first, second = data.expect(x).argmax(1).reshape(SIDE, SIDE)[y[0] == 1].split(121)
    assert abs(float(first.float().mean()) - float(second.float().mean())) > 0.9


def test_a_step_of_learning_lowers_the_loss():
    torch.manual_seed(0)
    y, groups = shapes(24, seeded())
    net = Grouping(depth=2)
    task = LearnGrouping(y[:16], y[16:], batch=8)
    before = task.validate(net)
    fit(net, task, steps=40, rate=lambda name: rate(name) / 0.6, every=20)
    assert task.validate(net) > 0.6 * before  # losses are negated
    assert agreement(net(y), groups).shape == (24,)


def test_the_number_of_groups_is_free():
    torch.manual_seed(0)
    y = shapes(2, seeded(), things=1)[0]
    net, task = Grouping(), LearnGrouping(y, y, groups=1)
    assert net.trace(y, seeded(), groups=1)[-1][1].shape == (2, 1, SIDE**2)
    assert bool(task.loss(net, 0).isfinite())
    logits, q = net.trace(y, seeded(0), groups=1)[-1]
    assert task.validate(net) == pytest.approx(-float(grouping_loss(logits, q, y).mean().detach()))


@pytest.mark.slow
def test_shapes_are_told_apart_after_learning_from_single_ones():
    torch.manual_seed(0)
    learned, held_out = (shapes(n, seeded(k), things=1)[0] for k, n in enumerate((4000, 100)))
    net = Grouping()
    fit(net, LearnGrouping(learned, held_out, groups=1), steps=400, rate=rate, every=50)
    y, groups = shapes(100, seeded(2))
    assert float(agreement(net(y), groups).mean()) > 0.8


def test_agreement_of_groupings():
    a = torch.tensor([0, 0, 1, 1, 2, 2])
    assert adjusted_mutual_information(a, (a + 1) % 3) == pytest.approx(1)
    assert adjusted_mutual_information(a, torch.zeros(6).long()) == pytest.approx(0, abs=1e-9)
    assert adjusted_mutual_information(torch.zeros(4).long(), torch.zeros(4).long()) == 1
    b = torch.tensor([0, 1, 0, 1, 1, 1])
    chance = [adjusted_mutual_information(a, b[torch.randperm(6, generator=seeded(k))]) for k in range(2000)]
    assert sum(chance) / 2000 == pytest.approx(0, abs=0.03)
