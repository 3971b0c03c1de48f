"""What a training run works on: images with truth, images measured once, measurements as they are."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.reconstruction.jobs import prepare, share
from minimand.reconstruction.phantoms import phantom
from minimand.reconstruction.plan import Plan
from minimand.reconstruction.self_supervised import SelfSupervised
from minimand.reconstruction.training import Reconstruct

SIZE = (20, 24)


@pytest.fixture
def stack(tmp_path):
    """Twelve images of 20 x 24 in a file."""
    images = np.stack([phantom(SIZE, torch.Generator().manual_seed(k)).numpy() for k in range(12)])
    np.save(tmp_path / "stack.npy", images)
    return str(tmp_path / "stack.npy")


@pytest.fixture(scope="module")
def ways(acquisition, heads, measured):
    return replace(acquisition("radial:0.4"), read=lambda spec: measured(heads(int(spec), SIZE), "radial:0.4"))


def plan(data, **options):
    usual = {"data": [data], "sampling": ["radial:0.4"], "self_supervised": True, "batch": 2}
    return Plan(**{**usual, **options})


def test_images_with_truth(stack, ways):
    job = prepare(plan(stack, self_supervised=False), ways)
    assert isinstance(job.task, Reconstruct)
    assert (job.learned, job.chosen, job.score) == (10, 2, "psnr")
    assert set(job.sizes) == {SIZE}
    assert job.rates == ways.rates(SIZE)
    assert prepare(plan(stack, self_supervised=False, crop=(16, 16)), ways).task.crop == (16, 16)


def test_images_are_measured_once_and_judged_without_truth(stack, ways):
    job = prepare(plan(stack), ways)
    assert isinstance(job.task, SelfSupervised)
    assert (job.learned, job.chosen, job.score) == (10, 2, "heldout")
    assert "no truth" in job.loss
    (group,) = job.task.train
    assert group.y.shape == (10, *SIZE)
    assert job.rates == pytest.approx(ways.rates(SIZE) * 2, abs=0.01)
    assert torch.equal(group.y, prepare(plan(stack), ways).task.train[0].y)


def test_images_to_validate_on_keep_their_truth(stack, ways):
    job = prepare(plan(f"{stack}[0:6]", validate=[f"{stack}[6:9]"]), ways)
    assert (job.learned, job.chosen, job.score) == (6, 3, "psnr")
    net = torch.nn.Module()
    net.forward = lambda data: data.A.adjoint(data.y)
    with_truth = prepare(plan(f"{stack}[0:6]", validate=[f"{stack}[6:9]"], self_supervised=False), ways)
    assert job.task.validate(net) == with_truth.task.validate(net)


def test_measurements_are_taken_as_they_are(ways):
    job = prepare(plan("12", sampling=[]), ways)
    assert (job.learned, job.chosen, job.score) == (10, 2, "heldout")
    job = prepare(plan("4", sampling=[], validate=["3"]), ways)
    assert (job.learned, job.chosen, job.score) == (4, 3, "heldout")
    with pytest.raises(InputError, match="one scan is too few to learn and to choose from"):
        prepare(plan("1", sampling=[]), ways)


def test_the_share_measured_is_that_of_the_mask(heads, measured):
    data = measured(heads(2, SIZE), "radial:0.4")
    assert share(data) == pytest.approx(float(data.A.mask.double().mean()))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"crop": (16, 16)}, "has no images to crop; leave out --crop"),
        ({"vary": True}, "leave out --vary"),
        ({"phase": True}, "leave out --phase"),
        ({"sampling": [], "test": ["x"]}, "--test is for images"),
        ({"sampling": [], "complex_": True}, "--complex is for images"),
    ],
)
def test_options_that_make_up_images_are_refused(ways, options, said):
    with pytest.raises(InputError, match=said):
        prepare(plan("4", **options), ways)


def test_images_without_a_way_to_measure_them_and_measurements_where_there_are_none(stack, ways):
    with pytest.raises(ValueError, match="learning from images needs a way to measure them; name one"):
        prepare(plan(stack, sampling=[], self_supervised=False), ways)
    with pytest.raises(ValueError, match="no files of measurements; name images and how to measure them"):
        prepare(plan("4", sampling=[]), replace(ways, read=None))
