"""Receive coils before a reconstruction: noise made white, many coils compressed to few; maps for simulations."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor


def whitening(noise: Complex[Tensor, "coil samples"]) -> Complex[Tensor, "coil coil"]:
    """The matrix W for which W n has uncorrelated noise of one strength in all coils, the mean of before.

    noise: samples without signal. Raises ValueError where they are too few to tell or a coil is silent.
    Source: Pruessmann et al. (2001), sec. "noise correlation".
    """
    coils, samples = noise.shape
    if samples < 2 * coils:
        raise ValueError(f"whitening {coils} coils needs {2 * coils} noise samples or more, got {samples}.")
    noise = noise.to(torch.complex128)
    covariance = noise @ noise.mH / samples
    power = covariance.diagonal().real
    if float(power.min()) <= 1e-12 * float(power.max()):
        raise ValueError(f"coil {int(power.argmin())} holds no noise, whitening would divide by 0.")
    factor = torch.linalg.cholesky(covariance / power.mean())
    return torch.linalg.solve_triangular(
        factor, torch.eye(coils, dtype=factor.dtype, device=factor.device), upper=False
    )


def compression(gram: Complex[Tensor, "coil coil"], coils: int) -> tuple[Complex[Tensor, "few coil"], float]:
    """The matrix that turns the coils into `coils` virtual ones, the strongest first, and the share of energy it keeps.

    gram: of all samples, as `gram` has it. Source: Buehrer et al. (2007); Huang et al. (2008).
    """
    values, vectors = torch.linalg.eigh(gram)
    kept = vectors.flip(1)[:, :coils].mH
    return kept, float(values.flip(0)[:coils].sum() / values.sum())


def gram(kspace: Complex[Tensor, "slices coil height width"], largest: float) -> Complex[Tensor, "coil coil"]:
    """Inner products of the coils over all samples, in units of the largest magnitude, slice by slice."""
    whole = torch.zeros(kspace.shape[1], kspace.shape[1], dtype=torch.complex128)
    for samples in kspace:
        flat = samples.flatten(1).to(torch.complex128) / largest
        whole += flat @ flat.mH
    return whole


def mix(matrix: Complex[Tensor, "few coil"], kspace: Complex[Tensor, "slices coil *size"]) -> Tensor:
    """The matrix applied to the coils, (slices, few, *size), in the precision of the k-space."""
    return torch.einsum("fc,sc...->sf...", matrix.to(kspace.dtype), kspace)


def ring(
    size: tuple[int, int], coils: int, radius: float = 1.5, turn: float = 0.0
) -> Complex[Tensor, "coil height width"]:
    """Smooth maps of coils on a ring around the image, sum_c |S_c|^2 = 1, for simulations.

    radius: of the ring, half a side of the image being 1; turn: of the ring, as a part of the way to the next coil. In
    the plane, the receive field of a long wire at z_c falls like 1 / (z - z_c), z = x + iy, which is what a map is
    taken as.
    """
    y, x = (torch.linspace(-1, 1, n, dtype=torch.float64) for n in size)
    angle = 2 * torch.pi * (torch.arange(coils, dtype=torch.float64) + 0.5 + turn) / coils
    place = torch.polar(torch.ones_like(angle), angle)[:, None, None]
    maps = place.conj() / (torch.complex(x.expand(size), y[:, None].expand(size)) - radius * place)
    return maps / maps.abs().square().sum(0).sqrt()


def sensitivity(maps: Complex[Tensor, "*lead coil height width"]) -> Float[Tensor, "*lead height width"]:
    """sum_c |S_c|^2 of every pixel."""
    return maps.abs().square().sum(-3)
