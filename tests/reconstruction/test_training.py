"""Training tasks: every draw depends on seed and step alone, and the loss is the paper's."""

import signal
from functools import partial

import pytest
import torch
from torch.testing import assert_close

from minimand.learning import fit
from minimand.reconstruction.admm_net import ADMMNet
from minimand.reconstruction.networks import NETWORKS, arguments_of, make, rate
from minimand.reconstruction.phantoms import phantom
from minimand.reconstruction.training import Reconstruct, nmse_loss


def images(count, size, seed=0):
    return [phantom(size, torch.Generator().manual_seed(seed + k)) for k in range(count)]


@pytest.fixture(scope="module")
def task(acquisition):
    ways = acquisition("radial:0.4", "random:0.4")

    def make(seed=0, **options):
        sources = options.pop("train", [images(4, (24, 20)), images(2, (18, 18), seed=9)])
        validation = options.pop("validation", [*images(2, (24, 20), seed=50), *images(1, (16, 16), seed=60)])
        return Reconstruct(sources, validation, options.pop("acquisition", ways), 3, seed, **options)

    return make


class Remember(torch.nn.Module):
    """A network that gives the zero-filled image and remembers what it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def forward(self, data):
        self.asked.append(data)
        return data.A.adjoint(data.y)


def test_the_loss_is_the_mean_of_the_relative_errors(measured):
    x = torch.stack(images(2, (24, 20)))
    data = measured(x)
    zero_filled = data.A.adjoint(data.y)
    expected = sum((zero_filled[k] - x[k]).norm() / x[k].norm() for k in range(2)) / 2
    assert_close(nmse_loss(Remember(), x, data), expected)


@pytest.mark.parametrize(
    "options", [{}, {"crop": (16, 16)}, {"crop": (22, 22), "vary": True}, {"crop": (16, 16), "phase": True}]
)
def test_a_mini_batch_depends_on_seed_and_step_alone(task, options):
    net = Remember()
    first = [float(task(**options).loss(net, step)) for step in range(6)]
    again = [float(task(**options).loss(net, step)) for step in (5, 4, 3, 2, 1, 0)][::-1]
    other = [float(task(seed=1, **options).loss(net, step)) for step in range(6)]
    assert first == again
    assert len(set(first)) == 6
    assert not set(first) & set(other)


def test_a_mini_batch_has_one_size_and_measures_each_image_in_its_way(task):
    net, made = Remember(), task(crop=(16, 16))
    for step in range(4):
        made.loss(net, step)
    assert all(data.y.shape == (3, 16, 16) for data in net.asked)
    assert all(data.A.mask.shape == (3, 16, 16) for data in net.asked)
    net, whole = Remember(), task()
    for step in range(8):
        whole.loss(net, step)
    assert {tuple(data.y.shape[1:]) for data in net.asked} <= {(24, 20), (18, 18)}
    assert len({tuple(data.y.shape[1:]) for data in net.asked}) == 2


def test_crops_are_windows_and_small_images_lie_in_zeros(task):
    image = torch.arange(1, 24 * 20 + 1).reshape(24, 20) / 480
    for crop in ((16, 16), (32, 32), (16, 20), (40, 26)):
        batch = task(train=[[image]], crop=crop)._draw(torch.Generator().manual_seed(3))
        assert batch.shape == (3, *crop)
        seen = set(batch.flatten().tolist()) - {0.0}
        assert seen <= set(image.flatten().tolist())
        assert (len(seen) == image.numel()) is (crop[0] > 24)


def test_phases_make_every_other_mini_batch_complex_and_change_no_magnitude(task):
    net, made = Remember(), task(phase=True)
    for step in (0, 1):
        made.loss(net, step)
    assert [data.A.real for data in net.asked] == [True, False]


def test_the_parts_add_up_to_the_mean_over_images_and_ways(task, measured):
    made, net = task(), Remember()
    pairs = [(t[None], spec) for spec in ("radial:0.4", "random:0.4") for source in made.train for t in source]
    expected = sum(nmse_loss(net, t, measured(t, spec)) for t, spec in pairs) / len(pairs)
    assert_close(sum(made.parts(net)), expected)


def test_validation_is_the_mean_psnr_of_every_image(task, measured):
    made, net = task(), Remember()
    from minimand.metrics import psnr

    found = []
    for k, image in enumerate(made.validation):
        spec = ("radial:0.4", "random:0.4")[k % 2]
        found.append(psnr(net(measured(image[None], spec)), image[None], peak=1.0))
    assert made.validate(net) == pytest.approx(float(torch.cat(found).mean()), abs=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_training_run_repeats_and_resumes_bit_for_bit(name, task, acquisition, tmp_path):
    """Through Adam and L-BFGS, with the network itself."""

    def run(**options):
        torch.manual_seed(0)
        net = make(name, arguments_of(name, depth=2, filters=None, size=None))
        ways = acquisition("radial:0.4")
        made = task(crop=(12, 12), train=[images(2, (16, 16))], acquisition=ways, validation=images(1, (16, 16)))
        fit(net, made, steps=4, full=2, rate=partial(rate, name), every=2, **options)
        return [p.detach() for p in net.parameters()]

    def press(progress):
        if progress.step in stops:
            stops.remove(progress.step)
            signal.raise_signal(signal.SIGINT)

    whole, path, stops = run(), tmp_path / "run.checkpoint", [1, 4]
    assert all(torch.equal(a, b) for a, b in zip(whole, run()))
    run(checkpoint=path, show=press)
    run(checkpoint=path, show=press, resume=True)
    assert not stops
    for a, b in zip(whole, run(checkpoint=path, resume=True)):
        assert torch.equal(a, b)


def test_training_helps(task):
    net, made = ADMMNet(2), task(crop=(16, 16))
    before = made.validate(net)
    done = fit(net, made, steps=25, rate=partial(rate, "admm-net"), every=5)
    assert done.best > before + 0.5
    assert made.validate(net) == done.best
