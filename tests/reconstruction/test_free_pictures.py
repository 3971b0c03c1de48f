"""The free pictures inside scikit-image."""

import pytest
import torch

from minimand.io import InputError
from minimand.reconstruction import free_pictures as module
from minimand.reconstruction.free_pictures import NAMES, free_pictures


def test_every_picture_comes_at_half_and_at_full_size():
    pictures = free_pictures()
    assert len(pictures) == 2 * len(NAMES)
    for half, full in zip(pictures[::2], pictures[1::2], strict=True):
        assert half.shape == (full.shape[0] // 2, full.shape[1] // 2)
        assert full.dtype == torch.float32
        assert 0.5 < float(full.max()) <= 1


def test_without_scikit_image_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="install scikit-image"):
        free_pictures()
