"""How many images a method is given at once."""

import pytest
import torch

from minimand.io import InputError
from minimand.io.room import memory_limit
from minimand.reconstruction.memory import BATCH_PIXELS, GPU_PIXELS, batch_length, working_bytes
from minimand.reconstruction.methods import get_method


def test_a_batch_is_as_large_as_is_fast_and_as_small_as_fits():
    tv = get_method("tv")
    with memory_limit(2**34):
        assert batch_length(tv, (256, 256)) == BATCH_PIXELS // 256**2
        assert batch_length(tv, (2048, 2048)) == 1
    with memory_limit(2**26):
        assert 1 <= batch_length(tv, (128, 128)) < BATCH_PIXELS // 128**2
        with pytest.raises(InputError, match=r"tv needs about 2 GiB for an image of 2048 x 2048.*--memory 3\.9"):
            batch_length(tv, (2048, 2048))


def test_coils_take_more():
    tv = get_method("tv")
    assert working_bytes(tv, 8) > working_bytes(tv)


def test_a_gpu_is_given_more_as_far_as_its_own_memory_goes(monkeypatch):
    tv, gpu = get_method("tv"), torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2**36, 2**36))
    assert batch_length(tv, (256, 256), device=gpu) == GPU_PIXELS // 256**2 > BATCH_PIXELS // 256**2
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2**28, 2**36))
    assert 1 < batch_length(tv, (256, 256), device=gpu) < GPU_PIXELS // 256**2
    assert batch_length(tv, (2048, 2048), device=gpu) == 1
