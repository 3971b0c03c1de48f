"""Meta-training: the first-order surrogate, the choice of coordinates, episodes that go on after a checkpoint."""

import signal
from copy import deepcopy

import pytest
import torch
from torch import Generator
from torch.testing import assert_close

from minimand.algebra import leaves, rebuild
from minimand.io import InputError
from minimand.learning import fit
from minimand.systems.optimizers import HyperAdamStep
from minimand.systems.optimizers.meta import begin, block, choose
from minimand.systems.optimizers.optimizees import MLP
from minimand.systems.optimizers.task import MetaTraining, trial

LENGTH = 5


def by_unrolling(rule, episode, generator, emphasis):
    """The gradient by autograd through the losses of the unrolled steps, in which gradients are constants."""
    x, g = episode.x, episode.g
    memory, losses = rebuild(episode.memory, [part.clone() for part in leaves(episode.memory)]), []
    for _ in range(LENGTH):
        move, memory = rule.update(g, memory)
        x = x - rule.rate * move
        loss = episode.energy(generator)(x)
        g = torch.autograd.grad(loss.sum(), x, retain_graph=True)[0].detach()
        losses.append(loss.log().mean())
    counts = [((k + 1) / LENGTH) ** emphasis for k in range(LENGTH)]
    total = sum(count * loss for count, loss in zip(counts, losses)) / sum(counts)
    return torch.autograd.grad(total, list(rule.parameters()))


def by_surrogate(rule, episode, generator, emphasis, sample=None):
    _, surrogate = block(rule, episode, generator, length=LENGTH, sample=sample, emphasis=emphasis)
    return torch.autograd.grad(surrogate, list(rule.parameters()))


def started(rule, pictures, disguise=True):
    generator = Generator().manual_seed(3)
    return begin(rule, MLP(pictures, 2, "tanh"), 2, generator, disguise=disguise), generator


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["single", "double"])
@pytest.mark.parametrize("emphasis", [0.0, 1.0, float("inf")], ids=["mean", "rising", "last"])
def test_the_surrogate_has_the_gradient_of_the_unrolled_losses(any_rule, pictures, dtype, emphasis):
    torch.set_default_dtype(dtype)
    try:
        rule = any_rule.to(dtype)
        pictures = pictures._replace(x=pictures.x.to(dtype))
        expected = by_unrolling(rule, *started(rule, pictures), emphasis)
        found = by_surrogate(rule, *started(rule, pictures), emphasis)
    finally:
        torch.set_default_dtype(torch.float32)
    for a, b in zip(found, expected):
        assert float((a - b).norm()) <= {torch.float32: 1e-3, torch.float64: 1e-9}[dtype] * float(b.norm())


def test_chosen_coordinates_count_as_all_in_the_mean():
    felt, generator = torch.randn(4, 2, 30) * torch.logspace(-3, 0, 30), Generator().manual_seed(0)
    total = torch.zeros(2, 30)
    for _ in range(4000):
        chosen, weights = choose(felt, 6, generator)
        total.scatter_add_(1, chosen, weights)
    assert_close(total / 4000, torch.ones(2, 30), rtol=0, atol=0.15)


def test_chosen_coordinates_tell_the_gradient(hyperadam, pictures):
    whole = torch.cat([g.flatten() for g in by_surrogate(hyperadam, *started(hyperadam, pictures), 0.0)])
    some = torch.cat([g.flatten() for g in by_surrogate(hyperadam, *started(hyperadam, pictures), 0.0, 600)])
    assert 0 < float((some - whole).norm() / whole.norm()) < 0.5


@pytest.mark.parametrize("disguise", [False, True])
def test_a_disguised_learner_starts_where_the_plain_one_does(pictures, disguise):
    rule = HyperAdamStep()
    episode, _ = started(rule, pictures, disguise)
    plain = MLP(pictures, 2, "tanh").begin(2, Generator().manual_seed(3))
    inside = (episode.scales * episode.x)[:, : plain.shape[1]] if disguise else episode.x
    assert_close(inside, plain)


def task(folder):
    options = {"learners": 2, "horizons": [40, 60], "block": 20, "sample": 100, "disguise": 0.5, "emphasis": 0.0}
    return MetaTraining(folder, ["mlp-tiny", "mlp-2-relu-tiny"], ["mlp-tiny"], seed=1, **options)


@pytest.mark.slow
def test_a_run_resumed_in_the_middle_of_an_episode_is_the_whole_run_bit_for_bit(mnist_folder, tmp_path):
    def learn(rule, name, **options):
        return fit(rule, task(mnist_folder), rate=lambda name: 1e-3, every=3, checkpoint=tmp_path / name, **options)

    torch.manual_seed(0)
    born = HyperAdamStep(4)
    whole, halves = deepcopy(born), deepcopy(born)
    learn(whole, "whole", steps=4)

    def interrupt(progress):
        if progress.step == 2:
            signal.raise_signal(signal.SIGINT)

    assert learn(halves, "halves", steps=4, show=interrupt).step == 3
    again = deepcopy(born)
    learn(again, "halves", steps=4, resume=True)
    for a, b in zip(whole.parameters(), again.parameters()):
        assert torch.equal(a, b)


def test_a_diverged_episode_is_left(mnist_folder):
    rule, learning = HyperAdamStep(4), task(mnist_folder)
    learning.loss(rule, 1)
    with torch.no_grad():
        rule.weight_cell.linear.b.fill_(1e6)
    loss = learning.loss(rule, 9)
    assert learning.courses[1] is None
    loss.backward()
    assert all(bool((p.grad == 0).all()) for p in rule.parameters())


@pytest.mark.slow
def test_learning_makes_a_weak_rule_better(mnist_folder):
    rule = HyperAdamStep(4)
    with torch.no_grad():
        rule.weight_cell.linear.b.fill_(0.02)  # a tenth of the length it is born with
    learning = task(mnist_folder)
    before = learning.validate(rule)
    fit(rule, learning, steps=30, rate=lambda name: 0.03, every=30)
    assert learning.validate(rule) > before + 0.5


def test_what_constant_gradients_cannot_tell_is_left_alone(mnist_folder):
    torch.manual_seed(0)
    rule = HyperAdamStep(4)
    rule.prepare()
    gates = rule.adam_cell.gates.b.clone()
    fit(rule, task(mnist_folder), steps=2, rate=lambda name: 0.01, every=9)
    assert torch.equal(rule.adam_cell.gates.b, gates)
    W = rule.weight_cell.linear.W
    assert_close(W, W[:1].expand_as(W))
    assert bool((W != 0).any())


def test_a_validation_says_how_many_steps_it_has(tmp_path):
    assert [trial(name, tmp_path)[1] for name in ("lstm", "lstm:700")] == [100, 700]
    for name in ("lstm:", "lstm:0", "lstm:1e3", "lstm:-5"):
        with pytest.raises(InputError, match="after the colon stands how many steps"):
            trial(name, tmp_path)
