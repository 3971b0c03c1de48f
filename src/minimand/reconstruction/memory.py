"""What a method takes of memory, and how many images it is given at once."""

import math

import torch

from minimand.io import InputError
from minimand.io.room import memory
from minimand.reconstruction.methods import Method

BATCH_PIXELS = 4 * 256 * 256  # a batch holds about so many pixels: large enough to be fast, small enough for the caches
GPU_PIXELS = 32 * 256 * 256  # on a GPU, which one image does not fill
PER_PIXEL = {  # bytes of an image, a quarter above what was measured with images of 256 x 256
    "zero-filled": 50, "tv": 500, "recpf": 550, "sidwt": 2400, "sense-tv": 400, "sense-wavelet": 1000,
    "admm-net": 1250, "admm-csnet": 300,
}  # fmt: skip
OTHERS = 4000  # not measured
PER_COIL = 100  # more for each coil
SHARE = 2  # a batch may take one of so many parts of the memory that may be used


def batch_length(method: Method, size: tuple[int, int], coils: int = 1, device: torch.device | None = None) -> int:
    """How many images of a size a method is given at once: as many as are fast and fit into memory, on a GPU its own.

    Raises InputError, with what would fit, where it cannot even be one on the CPU; on a GPU torch says so.
    """
    pixels = math.prod(size)
    each = pixels * working_bytes(method, coils)
    if device is not None and device.type == "cuda":
        return max(1, min(GPU_PIXELS // pixels, torch.cuda.mem_get_info(device)[0] // SHARE // each))
    allowed = memory() // SHARE
    if each > allowed:
        raise InputError(
            f"{method.name} needs about {each / 2**30:.2g} GiB for an image of {size[0]} x {size[1]}, "
            f"{allowed / 2**30:.2g} GiB may be used for it; allow more (--memory {SHARE * each / 2**30:.2g}) or take "
            "--method tv or zero-filled, which need less."
        )
    return max(1, min(BATCH_PIXELS // pixels, allowed // each))


def working_bytes(method: Method, coils: int = 1) -> int:
    """Bytes that a method takes beside its data, a pixel."""
    return PER_PIXEL.get(method.name, OTHERS) + PER_COIL * (coils - 1)
