"""The free pictures inside scikit-image."""

import pytest
import torch

from minimand.io import InputError
from minimand.reconstruction import free_pictures as module
from minimand.reconstruction.free_pictures import NAMES, free_pictures


def test_pictures_come_in_squares_of_two_scales():
    tiles = free_pictures()
    assert len(tiles) >= 3 * len(NAMES)
    for tile in tiles:
        assert tile.dtype == torch.float32
        assert max(tile.shape) <= 256
        assert float(tile.min()) >= 0
        assert float(tile.max()) <= 1
    half, *squares = tiles[:5]  # the astronaut, 512 x 512
    whole = torch.cat([torch.cat(squares[:2], dim=1), torch.cat(squares[2:], dim=1)])
    assert torch.allclose(half, torch.nn.functional.avg_pool2d(whole[None, None], 2)[0, 0])


def test_without_scikit_image_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="install scikit-image"):
        free_pictures()
