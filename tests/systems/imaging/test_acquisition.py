"""Compressive measurements for comparisons and training."""

import pytest
import torch
from torch.testing import assert_close

from minimand.io import InputError
from minimand.systems.imaging.acquisition import acquisition, frequencies_picture, read_operator, sensed, sensed_by


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_bad_spec_is_told_at_once():
    with pytest.raises(InputError, match="did you mean hadamard"):
        read_operator("hadamrd:0.3")
    with pytest.raises(InputError, match="the operator is empty"):
        read_operator(" ")


def test_a_size_that_an_operator_cannot_have_is_told_when_it_comes():
    draw = read_operator("orthogonal:0.5")
    with pytest.raises(InputError, match=r"GiB to draw.*use blocks or structural"):
        draw((2048, 2048), 0)


def test_images_of_one_size_are_measured_alike():
    measure, images = sensed_by(read_operator("hadamard:0.3"), seed=4), torch.rand(2, 8, 8)
    one, two = measure(images, generator()), measure(images, generator(1))
    assert_close(one.y, two.y)
    assert_close(one.y[:1], measure(images[:1], generator()).y)


@pytest.mark.parametrize("spec", ["hadamard:0.5", "diffraction:0.5"])
def test_noise_has_its_strength_and_its_seed(spec):
    A, images = read_operator(spec)((64, 64), 0), torch.zeros(4, 64, 64)
    y = sensed(images, A, 0.1, generator()).y
    parts = torch.view_as_real(y) if y.is_complex() else y
    assert float(parts.std()) == pytest.approx(0.1, rel=0.05)
    assert_close(y, sensed(images, A, 0.1, generator()).y)


def test_complex_images_are_refused():
    A = read_operator("hadamard:0.5")((8, 8), 0)
    with pytest.raises(InputError, match="use --mask"):
        sensed(torch.zeros(1, 8, 8, dtype=torch.complex64), A)


def test_every_mini_batch_in_training_meets_an_operator_of_its_own():
    learned = acquisition(["hadamard:0.25", "diffraction:0.5"])
    images = torch.rand(2, 16, 16)
    seen = [learned.measure(images, generator(k)).y for k in range(8)]
    assert {y.shape[1] for y in seen} == {64, 128}
    assert len({float(y.real.sum()) for y in seen}) == 8
    assert list(learned.trials) == ["hadamard:0.25", "diffraction:0.5"]
    assert learned.rates((16, 16)) == [0.25, 0.5]


def test_only_diffraction_has_frequencies_to_show():
    assert frequencies_picture(read_operator("hadamard:0.5")((8, 8), 0)) is None
    picture = frequencies_picture(read_operator("diffraction:0.5")((8, 8), 0))
    assert picture[4, 4]
    assert picture.sum() == 32
