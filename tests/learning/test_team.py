"""Gradients of several mini-batches and processes add up, here with a process that stands for its absent fellow."""

import pytest
import torch
from torch import nn

from minimand.io import InputError
from minimand.learning import fit
from minimand.learning.team import Team, join


class Line:
    """Fit a line; mini-batch k is sample k of 12."""

    x = torch.linspace(-1, 1, 12)[:, None]

    def loss(self, net, step):
        return (net(self.x[step % 12]) - 2 * self.x[step % 12]).square().sum()

    def parts(self, net):
        return self.some_parts(net, 0, 1)

    def some_parts(self, net, first, step):
        for k in range(first, 12, step):
            yield self.loss(net, k) / 12

    def validate(self, net):
        with torch.no_grad():
            return -float((net(self.x) - 2 * self.x).square().mean())


class Wide(Line):
    """The mini-batches of two steps in one."""

    def loss(self, net, step):
        return (super().loss(net, 2 * step) + super().loss(net, 2 * step + 1)) / 2


class Carried(Line):
    """Goes on from one mini-batch to the next."""

    def carried(self):
        return {}

    def carry(self, net, state):
        pass


def learned(task, **options):
    torch.manual_seed(1)
    net = nn.Linear(1, 1)
    done = fit(net, task, rate=lambda name: 0.1, every=4, **options)
    return net.weight.item(), done


def test_several_mini_batches_make_one_of_their_mean():
    (a, first), (b, second) = learned(Line(), steps=9, accumulate=2), learned(Wide(), steps=9)
    assert a == pytest.approx(b, abs=1e-6)
    assert [row[1] for row in first.history] == pytest.approx([row[1] for row in second.history], abs=1e-4)


def test_gradients_are_sums_in_double_precision():
    net = nn.Linear(1, 1)
    losses = [1e6 * net.weight.sum(), 0.25 * net.weight.sum(), -1e6 * net.weight.sum()]
    assert Team().descend(net, iter(losses)) == pytest.approx(0.25 * net.weight.item(), abs=0.2)
    assert net.weight.grad.item() == 0.25
    assert net.bias.grad.item() == 0
    Team().descend(net, iter([3 * net.weight.sum()]), several=False)
    assert net.weight.grad.item() == 3


def test_a_team_of_one_is_alone_with_its_numbers():
    team = join()
    assert (team.rank, team.size) == (0, 1)
    assert team.first(lambda: 3.5) == 3.5
    assert team.total(2.0) == 2
    assert team.sum(torch.ones(2)).tolist() == [1, 1]
    team.begin(nn.Linear(1, 1))


@pytest.mark.parametrize(
    ("task", "options", "said"),
    [
        (Line(), {"team": Team(1, 3), "accumulate": 2}, "2 mini-batches, which 3 processes cannot share .* 3"),
        (Line(), {"team": Team(0, 2)}, "1 mini-batch, which 2 processes .* --accumulate 2"),
        (Carried(), {"accumulate": 2}, "leave out --accumulate"),
    ],
)
def test_what_cannot_be_shared_is_told(task, options, said):
    with pytest.raises(InputError, match=said):
        learned(task, steps=3, **options)


def test_full_batch_steps_that_cannot_be_shared_are_told():
    class Whole:
        loss, parts, validate = Line.loss, Line.parts, Line.validate

    with pytest.raises(InputError, match="full-batch steps of this training are for one process"):
        learned(Whole(), steps=2, full=1, team=Team(0, 2), accumulate=2)
