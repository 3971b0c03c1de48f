"""Images to learn from: magnitudes or complex, split as asked."""

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.reconstruction import images as module
from minimand.reconstruction.dead_leaves import dead_leaves
from minimand.reconstruction.images import load_split, training_images
from minimand.reconstruction.phantoms import phantom, phantoms


@pytest.fixture
def stack(tmp_path):
    """Twelve images of 20 x 24 in a file."""
    images = np.stack([phantom((20, 24), torch.Generator().manual_seed(k)).numpy() for k in range(12)])
    np.save(tmp_path / "stack.npy", images)
    return str(tmp_path / "stack.npy")


def test_the_last_sixth_of_each_source_is_for_choosing(stack):
    train, validation = load_split([stack, f"{stack}[0:3]"])
    assert [len(source) for source in train] == [10, 2]
    assert len(validation) == 3
    train, validation = load_split([stack], [f"{stack}[4:6]"])
    assert [len(source) for source in train] == [12]
    assert len(validation) == 2


def test_many_validation_images_are_thinned_evenly(monkeypatch):
    many = [torch.full((4, 4), float(k)) for k in range(200)]
    monkeypatch.setattr(module, "training_images", lambda spec, complex_: many)
    _, validation = load_split(["a"], ["b"])
    values = [float(t[0, 0]) for t in validation]
    assert len(values) == 64
    assert (values[0], values[-1]) == (0.0, 199.0)


def test_images_to_learn_from_are_magnitudes_of_maximum_one(tmp_path):
    np.save(tmp_path / "x.npy", 7 * np.exp(1j * np.linspace(0, 3, 600)).reshape(20, 30) * np.linspace(0, 1, 30))
    (image,) = training_images(str(tmp_path / "x.npy"))
    assert image.dtype == torch.float32
    assert float(image.max()) == 1


def test_free_images_have_names(monkeypatch):
    monkeypatch.setattr(module, "free_pictures", lambda: [torch.rand(9, 8)])
    assert torch.equal(training_images("phantoms:2")[1], phantoms(2, seed=0)[1])
    assert torch.equal(training_images("dead-leaves:1")[0], dead_leaves(1, seed=0)[0])
    assert len(training_images("free-pictures")) == 1
    for spec in ("phantoms:none", "dead-leaves:0"):
        with pytest.raises(InputError, match=f"write {spec.partition(':')[0]}:COUNT"):
            training_images(spec)


def test_complex_images_keep_their_phase_and_real_ones_get_one(stack, tmp_path):
    own = np.exp(1j * np.linspace(0, 3, 600)).reshape(20, 30)
    np.save(tmp_path / "x.npy", own)
    (image,) = training_images(str(tmp_path / "x.npy"), complex_=True)
    assert np.allclose(image.numpy(), own, atol=1e-6)
    made, magnitudes = training_images(stack, complex_=True), training_images(stack)
    assert all(t.dtype == torch.complex64 for t in made)
    assert all(torch.allclose(t.abs(), m, atol=1e-6) for t, m in zip(made, magnitudes))
    assert all(torch.equal(a, b) for a, b in zip(made, training_images(stack, complex_=True)))


def test_one_image_is_too_few(stack):
    with pytest.raises(InputError, match="too few to learn and to choose from"):
        load_split([f"{stack}[0]"])
    train, validation = load_split([f"{stack}[0]"], [f"{stack}[1]"])
    assert (len(train[0]), len(validation)) == (1, 1)
