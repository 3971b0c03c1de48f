"""Training tasks: every draw depends on seed and step alone, and the loss is the paper's."""

import signal

import pytest
import torch
from torch.testing import assert_close

from minimand.learning import fit
from minimand.operators import Fourier
from minimand.operators.sampling import radial, random2d
from minimand.systems.mri.admm_net import ADMMNet
from minimand.systems.mri.networks import rate
from minimand.systems.mri.phantoms import phantom
from minimand.systems.mri.training import Reconstruct, nmse_loss, sampled


def images(count, size, seed=0):
    return [phantom(size, torch.Generator().manual_seed(seed + k)) for k in range(count)]


def fixed(size, seed):
    return radial(size, 0.4)


def drawn(size, seed):
    return random2d(size, 0.4, seed=seed)


def task(seed=0, **options):
    sources = options.pop("train", [images(4, (24, 20)), images(2, (18, 18), seed=9)])
    validation = options.pop("validation", [*images(2, (24, 20), seed=50), *images(1, (16, 16), seed=60)])
    return Reconstruct(sources, validation, options.pop("masks", [fixed, drawn]), 3, seed, **options)


class Remember(torch.nn.Module):
    """A network that gives the zero-filled image and remembers what it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def forward(self, data):
        self.asked.append(data)
        return data.A.adjoint(data.y)


def test_the_loss_is_the_mean_of_the_relative_errors():
    x, mask = torch.stack(images(2, (24, 20))), fixed((24, 20), 0)
    zero_filled = sampled(x, mask).A.adjoint(sampled(x, mask).y)
    expected = sum((zero_filled[k] - x[k]).norm() / x[k].norm() for k in range(2)) / 2
    assert_close(nmse_loss(Remember(), x, mask), expected)


def test_real_images_are_sampled_by_the_real_operator():
    x = torch.rand(1, 8, 8)
    assert sampled(x, fixed((8, 8), 0)).A.real
    term = sampled(x.to(torch.complex64), fixed((8, 8), 0))
    assert isinstance(term.A, Fourier)
    assert not term.A.real


@pytest.mark.parametrize("options", [{}, {"crop": 16}, {"crop": 22, "vary": True}, {"crop": 16, "phase": True}])
def test_a_mini_batch_depends_on_seed_and_step_alone(options):
    net = Remember()
    first = [float(task(**options).loss(net, step)) for step in range(6)]
    again = [float(task(**options).loss(net, step)) for step in (5, 4, 3, 2, 1, 0)][::-1]
    other = [float(task(seed=1, **options).loss(net, step)) for step in range(6)]
    assert first == again
    assert len(set(first)) == 6
    assert not set(first) & set(other)


def test_a_mini_batch_has_one_size_and_a_mask_for_each_image():
    net, made = Remember(), task(crop=16)
    for step in range(4):
        made.loss(net, step)
    assert all(data.y.shape == (3, 16, 16) for data in net.asked)
    assert all(data.A.mask.shape == (3, 16, 16) for data in net.asked)
    net, whole = Remember(), task()
    for step in range(8):
        whole.loss(net, step)
    assert {tuple(data.y.shape[1:]) for data in net.asked} <= {(24, 20), (18, 18)}
    assert len({tuple(data.y.shape[1:]) for data in net.asked}) == 2


def test_crops_are_windows_and_small_images_lie_in_zeros():
    image = torch.arange(1, 24 * 20 + 1).reshape(24, 20) / 480
    for crop in (16, 32):
        batch = task(train=[[image]], crop=crop)._draw(torch.Generator().manual_seed(3))
        assert batch.shape == (3, crop, crop)
        seen = set(batch.flatten().tolist()) - {0.0}
        assert seen <= set(image.flatten().tolist())
        assert (len(seen) == image.numel()) is (crop == 32)


def test_phases_make_every_other_mini_batch_complex_and_change_no_magnitude():
    net, made = Remember(), task(phase=True)
    for step in (0, 1):
        made.loss(net, step)
    assert [data.A.real for data in net.asked] == [True, False]


def test_the_parts_add_up_to_the_mean_over_images_and_masks():
    made, net = task(), Remember()
    pairs = [(image, mask) for mask in (fixed, drawn) for source in made.train for image in source]
    expected = sum(nmse_loss(net, image[None], mask(tuple(image.shape), 0)) for image, mask in pairs) / len(pairs)
    assert_close(sum(made.parts(net)), expected)


def test_validation_is_the_mean_psnr_of_every_image():
    made, net = task(), Remember()
    from minimand.metrics import psnr

    found = []
    for k, image in enumerate(made.validation):
        mask = (fixed, drawn)[k % 2](tuple(image.shape), 0)
        found.append(psnr(net(sampled(image[None], mask)), image[None], peak=1.0))
    assert made.validate(net) == pytest.approx(float(torch.cat(found).mean()), abs=1e-5)


def test_a_training_run_repeats_and_resumes_bit_for_bit(tmp_path):
    """Through Adam and L-BFGS, with the network itself."""

    def run(**options):
        net = ADMMNet(2)
        made = task(crop=12, train=[images(2, (16, 16))], masks=[fixed], validation=images(1, (16, 16)))
        fit(net, made, steps=4, full=2, rate=rate, every=2, **options)
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


def test_training_helps():
    net, made = ADMMNet(2), task(crop=16)
    before = made.validate(net)
    done = fit(net, made, steps=25, rate=rate, every=5)
    assert done.best > before + 0.5
    assert made.validate(net) == done.best
