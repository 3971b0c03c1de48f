"""Denoising by sparse codes of all patches in a dictionary that is learned from the noisy image itself."""

import torch
from jaxtyping import Float
from torch import Tensor

from minimand.learning.dictionary import ksvd, matching_pursuit, overcomplete_cosines, unit_atoms
from minimand.operators import Patches

GAIN = 1.15  # how far the error goal lies above the noise, Elad and Aharon (2006), sec. IV.A
CHUNK = 8192  # patches coded at once
LEARNED = 20000  # patches at most that a dictionary learns from


def denoise(
    noisy: Float[Tensor, "height width"],
    sigma: float,
    *,
    size: int = 8,
    dictionary: Float[Tensor, "pixels atoms"] | None = None,
    rounds: int = 10,
    keep: float = 1.0,
    seed: int = 0,
) -> Float[Tensor, "height width"]:
    """The image that minimises keep/2 ||x - y||^2 + 1/2 sum_p ||R_p x - D z_p - m_p||^2, m_p the mean of a patch and
    z_p its code of as few atoms as come within 1.15 sigma a pixel.

    sigma: standard deviation of the noise in the units of `noisy`, positive. dictionary: of size * size pixels; learned
    by `rounds` of K-SVD from patches of `noisy` unless given. keep: weight of the noisy image itself. Raises ValueError
    for a sigma that is not positive, patches larger than the image and a dictionary with a zero atom. Source: Elad and
    Aharon (2006), eqs. 4 and 8, with means taken off.
    """
    if not sigma > 0:
        raise ValueError(f"denoising needs a positive noise level, got {sigma:g}.")
    R = Patches((noisy.shape[0], noisy.shape[1]), size)
    y = R(noisy[None])[0]
    mean = y.mean(1, keepdim=True)
    y, error = y - mean, GAIN * sigma * size
    if dictionary is None:
        some = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))[:LEARNED]
        start = overcomplete_cosines(size, 2 * size)[:, 1:].to(y)  # without the constant: means are taken off
        dictionary = ksvd(y[some], start, error, rounds=rounds)
    D = unit_atoms(dictionary)
    coded = torch.cat([matching_pursuit(D, part, error) @ D.mT for part in y.split(CHUNK)])
    x: Tensor = keep * noisy + R.adjoint((coded + mean)[None])[0]
    return x / (keep + R.counts(noisy))
