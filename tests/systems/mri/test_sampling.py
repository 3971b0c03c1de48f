"""Masks by spec or file, for any size."""

import numpy as np
import pytest
import torch

from minimand.io import InputError
from minimand.operators.sampling import parse_mask
from minimand.systems.mri.sampling import names_file, read_sampling


@pytest.mark.parametrize("spec", ["radial:0.3", "full", "cartesian:0.3", "random:20%"])
@pytest.mark.parametrize("size", [(16, 20), (33, 27)])
def test_a_spec_is_drawn_by_size_and_seed(spec, size):
    draw = read_sampling(spec)
    assert torch.equal(draw(size, 3), parse_mask(spec, size, seed=3))
    assert torch.equal(draw(size, 3), draw(size, 4)) == spec.startswith(("radial", "full"))


def test_a_file_is_centred_and_comes_out_with_zero_frequency_first(tmp_path):
    mask = parse_mask("random:0.3", (15, 16))
    np.save(tmp_path / "mask.npy", torch.fft.fftshift(mask).numpy())
    draw = read_sampling(str(tmp_path / "mask.npy"))
    assert torch.equal(draw((15, 16), 0), mask)
    with pytest.raises(InputError, match="15 x 16, the k-space 16 x 16"):
        draw((16, 16), 0)


def test_what_names_a_file_and_what_a_spec(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mask").touch()
    assert all(names_file(text) for text in ("m.npz", "m.npz:mask", "gone/mask", "mask"))
    assert not any(names_file(text) for text in ("radial:0.2", "radal:0.2", "full", "cartesian"))
    with pytest.raises(InputError, match="the mask is empty"):
        names_file(" ")


@pytest.mark.parametrize("spec", ["radial", "radial:2", "radial:x", "radal:0.2", "full:1"])
def test_a_bad_spec_is_refused_at_once(spec):
    with pytest.raises(ValueError, match="mask '"):
        read_sampling(spec)


def test_a_rate_that_only_odd_sizes_reach_is_a_good_spec():
    draw = read_sampling("radial:0.99")
    assert draw((33, 33), 0).double().mean() > 0.98
    with pytest.raises(ValueError, match="use a lower rate or the mask full"):
        draw((32, 32), 0)
