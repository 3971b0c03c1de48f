"""Fitting is repeatable, can be stopped at any step and goes on bit for bit."""

import signal
from pathlib import Path

import pytest
import torch
from torch import nn

from minimand.io import InputError
from minimand.learning import fit
from minimand.learning.checkpoint import load_checkpoint, save_checkpoint
from minimand.systems.dehazing.training import Dehazing
from minimand.systems.optimizers import HyperAdamStep
from minimand.systems.optimizers.task import MetaTraining
from minimand.systems.segmentation.learn_direct import Labelling
from minimand.systems.segmentation.training import Fusing

STEPS, FULL = 20, 5


class Regression:
    """Fit a curve from noisy samples; the score on validation data is minus the error."""

    def __init__(self, seed=0):
        self.seed = seed
        g = torch.Generator().manual_seed(seed)
        self.x = torch.rand(40, 1, generator=g) * 4 - 2
        self.y = self.x.sin() + 0.1 * torch.randn(40, 1, generator=g)

    def loss(self, net, step):
        drawn = torch.randint(30, (8,), generator=torch.Generator().manual_seed(1000 * self.seed + step))
        return (net(self.x[drawn]) - self.y[drawn]).square().mean()

    def parts(self, net):
        for k in range(0, 30, 10):
            yield (net(self.x[k : k + 10]) - self.y[k : k + 10]).square().mean() / 3

    def validate(self, net):
        with torch.no_grad():
            return -float((net(self.x[30:]) - self.y[30:]).square().mean())


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))


def run(net=None, *, seed=0, **options):
    net = net or network()
    done = fit(net, Regression(seed), steps=STEPS, full=FULL, rate=lambda name: 1e-2, every=6, **options)
    return net, done


def same(a, b):
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def interrupt_at(step):
    """A `show` that presses Ctrl-C once."""
    pressed = []

    def show(progress):
        if progress.step == step and not pressed:
            pressed.append(step)
            signal.raise_signal(signal.SIGINT)

    return show


def test_the_same_seed_gives_the_same_weights_bit_for_bit():
    (a, first), (b, second), (c, _) = run(), run(), run(seed=1)
    assert same(a, b)
    assert first.history == second.history
    assert not same(a, c)


def test_it_learns_in_both_phases():
    _, done = run()
    assert done.step == STEPS + FULL
    assert [step for step, _, _ in done.history] == [6, 12, 18, 21, 22, 23, 24, 25]
    losses = [loss for step, loss, _ in done.history if step > STEPS]
    assert losses == sorted(losses, reverse=True)
    assert done.best > Regression().validate(network())


def test_the_network_ends_at_the_best_validation_score():
    class Spoilt(Regression):
        """Scores fall after the third validation."""

        def __init__(self):
            super().__init__()
            self.scores, self.kept = iter([1.0, 2.0, 3.0, 2.5, 2.9, 3.0, -1.0, float("nan")]), []

        def validate(self, net):
            self.kept.append([p.detach().clone() for p in net.parameters()])
            return next(self.scores)

    net, task = network(), Spoilt()
    done = fit(net, task, steps=STEPS, full=FULL, rate=lambda name: 1e-2, every=6)
    assert done.best == 3.0
    assert done.best_step == 18
    assert all(torch.equal(p, q) for p, q in zip(net.parameters(), task.kept[2], strict=True))


@pytest.mark.parametrize("stop", [1, 6, 13, STEPS - 1, STEPS, STEPS + 1, STEPS + 3])
def test_ctrl_c_saves_and_resume_goes_on_bit_for_bit(tmp_path, stop):
    """Interrupted after `stop` steps, the step at hand is finished: in Adam, at its end, and in L-BFGS."""
    whole, expected = run()
    path, usual = tmp_path / "run.checkpoint", signal.getsignal(signal.SIGINT)
    _, done = run(checkpoint=path, show=interrupt_at(stop))
    assert done.stopped
    assert done.step == stop + 1
    assert signal.getsignal(signal.SIGINT) is usual
    again, finished = run(network(seed=5), checkpoint=path, resume=True)
    assert same(again, whole)
    assert finished.history == expected.history
    assert not finished.stopped


def test_resuming_twice_is_still_bit_for_bit(tmp_path):
    whole, _ = run()
    path = tmp_path / "run.checkpoint"
    run(checkpoint=path, show=interrupt_at(3))
    run(network(seed=5), checkpoint=path, resume=True, show=interrupt_at(21))
    again, _ = run(network(seed=6), checkpoint=path, resume=True)
    assert same(again, whole)


def test_resuming_a_finished_run_changes_nothing(tmp_path):
    path = tmp_path / "run.checkpoint"
    whole, _ = run(checkpoint=path)
    again, done = run(network(seed=5), checkpoint=path, resume=True)
    assert same(again, whole)
    assert done.step == STEPS + FULL


def test_a_second_ctrl_c_interrupts_as_usual():
    def show(progress):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    found = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have begun the tests without it
    try:
        with pytest.raises(KeyboardInterrupt):
            run(show=show)
    finally:
        signal.signal(signal.SIGINT, found)


def test_a_loss_that_is_not_finite_says_so():
    class Broken(Regression):
        def loss(self, net, step):
            return super().loss(net, step) * float("nan")

    with pytest.raises(ArithmeticError, match="at step 0; lower the learning rate"):
        fit(network(), Broken(), steps=3, rate=lambda name: 1e-2)


def test_resume_needs_a_checkpoint(tmp_path):
    with pytest.raises(ValueError, match="needs a checkpoint"):
        run(resume=True)
    with pytest.raises(InputError, match="no checkpoint to resume from"):
        run(checkpoint=tmp_path / "none.checkpoint", resume=True)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    path = tmp_path / "run.checkpoint"
    run(checkpoint=path, show=interrupt_at(3))
    with pytest.raises(InputError, match="of another network or run"):
        run(nn.Sequential(nn.Linear(1, 3), nn.Tanh(), nn.Linear(3, 1)), checkpoint=path, resume=True)


@pytest.mark.parametrize("where", [0, 9, 200, -1, -100])
def test_a_damaged_checkpoint_is_refused(tmp_path, where):
    path = tmp_path / "run.checkpoint"
    run(checkpoint=path, show=interrupt_at(3))
    damaged = bytearray(path.read_bytes())
    damaged[where] ^= 0x5A
    path.write_bytes(damaged)
    with pytest.raises(InputError, match="is no checkpoint or is damaged"):
        run(checkpoint=path, resume=True)


@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_a_truncated_checkpoint_is_refused(tmp_path, kept):
    path = tmp_path / "run.checkpoint"
    run(checkpoint=path, show=interrupt_at(3))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match="is no checkpoint or is damaged"):
        run(checkpoint=path, resume=True)


def test_checkpoints_keep_nested_states_exactly(tmp_path):
    path = tmp_path / "state.checkpoint"
    state = {
        "numbers": [1, 2.5, None, True, "text", float("inf"), -0.0],
        3: {"tensor": torch.tensor([0.1, float("nan")], dtype=torch.float64), "count": torch.tensor(7)},
        "tuple": (torch.randn(2, 3).T, [torch.zeros(0)]),
    }
    save_checkpoint(path, state)
    found = load_checkpoint(path)
    assert found["numbers"] == state["numbers"]
    assert torch.equal(found[3]["tensor"], state[3]["tensor"]) is False  # a NaN is a NaN
    assert torch.equal(found[3]["tensor"].nan_to_num(), state[3]["tensor"].nan_to_num())
    assert found[3]["count"].dtype == torch.int64
    assert torch.equal(found["tuple"][0], state["tuple"][0])
    assert found["tuple"][1][0].numel() == 0


@pytest.mark.parametrize(
    ("task", "net"),
    [
        (Dehazing((), (), 1, 0), nn.Identity()),
        (Fusing((), (), 1, 0), nn.Identity()),
        (Labelling((), (), 2, 0), nn.Identity()),
        (MetaTraining(Path(), (), (), learners=1, horizons=(), block=1, sample=1, disguise=0.0, emphasis=0.0, seed=0),
         HyperAdamStep()),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_drawn_without_end_has_no_full_batch_steps(task, net):
    with pytest.raises(TypeError, match=r"leave out full-batch steps|train with full=0"):
        task.parts(net)
