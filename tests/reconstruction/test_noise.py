"""Noise models: their first two moments, their seeds, and what they refuse."""

import pytest
import torch

from minimand.reconstruction import noise


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def test_moments_are_those_of_the_model():
    x = torch.full((200_000,), 0.5, dtype=torch.float64)
    y = noise.gaussian(x, 0.1, drawn())
    assert float(y.mean()) == pytest.approx(0.5, abs=1e-3)
    assert float(y.std()) == pytest.approx(0.1, rel=1e-2)
    assert float(noise.rician(x, 0.3, drawn()).square().mean()) == pytest.approx(0.25 + 2 * 0.09, rel=1e-2)
    y = noise.poisson(x, 20.0, drawn())
    assert float(y.mean()) == pytest.approx(0.5, rel=1e-2)
    assert float(y.var()) == pytest.approx(0.5 / 20, rel=2e-2)
    y = noise.impulse(x, 0.1, -1.0, 2.0, drawn())
    assert [float((y == value).double().mean()) for value in (-1.0, 2.0)] == pytest.approx([0.05, 0.05], abs=2e-3)


def test_complex_noise_is_in_both_parts():
    y = noise.gaussian(torch.zeros(100_000, dtype=torch.complex128), 0.2, drawn())
    assert [float(y.real.std()), float(y.imag.std())] == pytest.approx([0.2, 0.2], rel=2e-2)


def test_the_same_seed_draws_the_same_noise_and_the_global_one_is_left_alone():
    x, before = torch.rand(50), torch.get_rng_state()
    for draw in (
        lambda g: noise.gaussian(x, 1.0, g),
        lambda g: noise.rician(x, 1.0, g),
        lambda g: noise.poisson(x, 9.0, g),
        lambda g: noise.impulse(x, 0.5, generator=g),
    ):
        assert torch.equal(draw(drawn(3)), draw(drawn(3)))
        assert not torch.equal(draw(drawn(3)), draw(drawn(4)))
    assert torch.equal(torch.get_rng_state(), before)


def test_wrong_numbers_are_refused():
    x = torch.rand(5)
    for sigma in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="positive and finite sigma"):
            noise.gaussian(x, sigma)
    with pytest.raises(ValueError, match="positive and finite photons"):
        noise.poisson(x, 0.0)
    with pytest.raises(ValueError, match="values of at least 0"):
        noise.poisson(-x - 1, 9.0)
    with pytest.raises(ValueError, match="share from 0 to 1"):
        noise.impulse(x, 1.5)
