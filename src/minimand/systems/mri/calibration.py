"""Coil maps from the fully sampled centre of k-space, by ESPIRiT."""

import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

from minimand.io import InputError

KERNEL = 6  # side of the patches of k-space, points
WIDEST = 32  # of the calibration region, points: more costs time and adds little
SMALLEST = 6  # of the calibration region, points
RANK = 0.02  # singular values below this share of the largest, or below what noise alone gives, span no signal
CROP = 0.8  # eigenvalue below which a pixel is background: 1 where the coils agree about it, less in noise


def calibration_region(mask: Bool[Tensor, "height width"]) -> tuple[int, int]:
    """Height and width of the largest fully sampled block around zero frequency, WIDEST a side at most; (0, 0): none.

    mask: zero frequency at [0, 0]. The block has side // 2 points before zero frequency, as `centre` cuts it.
    """
    height, width = mask.shape
    centred = torch.fft.fftshift(mask)
    best, columns = (0, 0), torch.ones(width, dtype=torch.bool, device=mask.device)
    for side in range(1, min(height, WIDEST) + 1):  # the rows of a larger block are those of the smaller and one more
        row = height // 2 - side // 2 + (0 if side % 2 == 0 else side - 1)
        columns = columns & centred[row]
        run = _centred_run(columns)
        if run == 0:
            break
        if (side * run, min(side, run)) >= (best[0] * best[1], min(best)):
            best = side, run
    return best


def _centred_run(row: Bool[Tensor, " width"]) -> int:
    """How many entries around the middle are true without a gap."""
    middle = len(row) // 2
    before, after = (int(part.long().cumprod(0).sum()) for part in (row[:middle].flip(0), row[middle:]))
    return min(2 * before + 1, 2 * after, WIDEST) if before < after else min(2 * after, WIDEST)


def centre(kspace: Complex[Tensor, "*lead height width"], region: tuple[int, int]) -> Complex[Tensor, "*lead a b"]:
    """The block of a region, zero frequency in its middle."""
    rows, columns = (torch.arange(side, device=kspace.device) - side // 2 for side in region)
    height, width = kspace.shape[-2:]
    return kspace[..., (rows % height)[:, None], columns % width]


def require_region(region: tuple[int, int], name: str) -> None:
    """Raise InputError for a calibration region that is too small for coil maps."""
    if min(region) < SMALLEST:
        raise InputError(
            f"{name}: the fully sampled centre of k-space is {region[0]} x {region[1]} points, coil maps need at least "
            f"{SMALLEST} x {SMALLEST}; give maps from another scan by --maps FILE[:KEY], or measure a full centre."
        )


@torch.no_grad()
def espirit(
    block: Complex[Tensor, "coil a b"],
    size: tuple[int, int],
    *,
    sets: int = 1,
    kernel: int = KERNEL,
    rank: float = RANK,
    crop: float = CROP,
) -> tuple[Complex[Tensor, "sets coil height width"], Float[Tensor, "sets height width"]]:
    """Coil maps of an image of `size`, and the eigenvalues that say how far to trust them.

    block: the calibration region, zero frequency in its middle. At every pixel sum_c |S_c|^2 is 1, or 0 where the
    eigenvalue is below `crop`. The phase is that of the strongest virtual coil. Raises ValueError for a block that is
    smaller than a patch. Source: Uecker et al. (2014), sec. "ESPIRiT"; the operator on all pixels from the correlation
    of the patches' projection.
    """
    coils, kernel = block.shape[0], min(kernel, *(max(2, 2 * n // 3) for n in block.shape[1:]))
    if min(block.shape[1:]) < 2:
        raise ValueError(f"espirit needs a block of 2 x 2 points or more, got {tuple(block.shape)}.")
    block = (block / block.abs().max()).to(torch.complex128)
    projection = _patch_projection(block, kernel, rank).reshape(coils, kernel, kernel, coils, kernel, kernel)
    correlation = block.new_zeros(coils, coils, 2 * kernel - 1, 2 * kernel - 1)
    for i in range(kernel):
        for j in range(kernel):  # entry d: sum over p - q = d of the projection from point q to point p of a patch
            correlation[..., i : i + kernel, j : j + kernel] += projection[:, i, j].flip(-2, -1)
    matrices = _on_pixels(correlation / kernel**2, size)
    values, vectors = torch.linalg.eigh(matrices)
    values, vectors = values.flip(-1)[..., :sets], vectors.flip(-1)[..., :sets]
    strongest = torch.linalg.eigh(torch.einsum("cab,dab->cd", block, block.conj()))[1][:, -1]
    phase = torch.einsum("hwcs,c->hws", vectors, strongest.conj().to(vectors.dtype))
    vectors = vectors * torch.exp(-1j * phase.angle())[..., None, :]
    maps = (vectors * (values >= crop)[..., None, :]).permute(3, 2, 0, 1)
    return maps.contiguous(), values.permute(2, 0, 1).contiguous()


def _patch_projection(block: Tensor, kernel: int, rank: float) -> Tensor:
    """The projection onto the space that the patches of all coils span, noise left out, (points, points)."""
    patches = block.unfold(1, kernel, 1).unfold(2, kernel, 1).permute(1, 2, 0, 3, 4).flatten(2).flatten(0, 1)
    count, points = patches.shape
    squares, vectors = torch.linalg.eigh(patches.T @ patches.conj())
    values = squares.clamp_min(0).sqrt().flip(0)
    floor = rank * values[0]
    if count > points // 2:  # the smaller half is noise: its median tells what the largest of noise would be
        noise = values[points // 2 :].median() / max(count, points) ** 0.5
        floor = torch.maximum(floor, 1.4 * noise * (count**0.5 + points**0.5))
    kept = vectors.flip(1)[:, : max(1, int((values >= floor).sum()))]
    return kept @ kept.mH


def _on_pixels(correlation: Tensor, size: tuple[int, int]) -> Tensor:
    """The coil matrices whose eigenvectors are the maps, (height, width, coil, coil), Hermitian, single precision."""
    height, width = size
    reach = correlation.shape[-1] // 2
    rows, columns = (
        torch.exp(2j * torch.pi * torch.outer(torch.arange(n).double() / n, torch.arange(-reach, reach + 1).double()))
        for n in (height, width)
    )
    rows, columns = (m.to(correlation.device, torch.complex64) for m in (rows, columns))
    return torch.einsum("ha,cdab,wb->hwcd", rows, correlation.to(torch.complex64), columns)
