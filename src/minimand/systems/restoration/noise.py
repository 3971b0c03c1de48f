"""How strong the noise of an image is."""

import numpy as np
import pywt
import torch
import torch.nn.functional as F
from jaxtyping import Float, Num
from torch import Tensor

LEAST = 16  # pixels along a side: of fewer, detail cannot be told from noise


def estimate_noise(x: Num[Tensor, "batch *channels height width"]) -> Float[Tensor, " batch"]:
    """Standard deviation of white Gaussian noise in every item (in each part of complex images), double precision.

    The median modulus of the finest diagonal coefficients of the wavelet db4, over 0.6745. Raises ValueError for sides
    under 16 pixels. Source: Donoho and Johnstone (1994).
    """
    if min(x.shape[-2:]) < LEAST:
        raise ValueError(f"noise is estimated on {LEAST} x {LEAST} pixels or more, got {tuple(x.shape[-2:])}.")
    parts = torch.view_as_real(x.resolve_conj()).movedim(-1, 1) if x.is_complex() else x
    planes = parts.double().reshape(len(x), -1, *x.shape[-2:])
    high = torch.from_numpy(np.array(pywt.Wavelet("db4").dec_hi))
    diagonal = torch.outer(high, high).expand(planes.shape[1], 1, -1, -1)
    coefficients = F.conv2d(planes, diagonal, groups=planes.shape[1])
    return coefficients.abs().flatten(1).median(1).values / 0.6745
