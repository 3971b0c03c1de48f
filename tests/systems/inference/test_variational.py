"""Variational autoencoders: the bound rises when they learn, and learned inference starts as gradient descent."""

import pytest
import torch
from torch.testing import assert_close

from minimand import Descent, solve
from minimand.learning import fit
from minimand.systems.inference.variational import (
    SAMPLES,
    Autoencoder,
    LearnBound,
    LearnInference,
    bound,
    infer,
    inference_network,
)
from minimand.terms import Evidence
from minimand.terms.evidence import drawn_noise


@pytest.fixture
def data():
    """Bars: rows of 4 x 4 pixels that are on or off, nearly surely."""
    rows = torch.rand(600, 4, 1, generator=torch.Generator().manual_seed(0)).round().expand(-1, -1, 4).flatten(1)
    return 0.02 + 0.96 * rows, rows[:100]


def test_learning_raises_the_bound_and_learned_inference_raises_it_further(data):
    torch.manual_seed(0)
    images, held_out = data
    model = Autoencoder(16, 4, 32)
    task = LearnBound(images[100:], held_out, batch=64)
    before = task.validate(model)
    fit(model, task, steps=60, rate=lambda name: 1e-2, every=30)
    assert task.validate(model) > before + 1
    model.requires_grad_(False)
    net = inference_network(model, depth=3, width=16)
    learned = LearnInference(model, images[100:], held_out, batch=64)
    fit(net, learned, steps=80, rate=lambda name: 3e-3, every=20)
    assert learned.validate(net) > task.validate(model) + 0.01


def test_untrained_inference_is_gradient_descent_from_the_encoder(data):
    torch.manual_seed(0)
    y, model = data[1], Autoencoder(16, 4, 32)
    net = inference_network(model, depth=3, width=16, rate=0.02)
    term = Evidence(model.decoder, y, drawn_noise(SAMPLES, 4, 1, len(y)))
    x = solve(Descent(0.02), term, model(y).detach(), max_iter=3, tol=0.0).x
    assert_close(infer(net, model, y), x)
    assert bound(model.decoder, y, x).mean() > bound(model.decoder, y, model(y)).mean()
