"""K-space of images, sampled."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from minimand.io import InputError, Stored, read_images
from minimand.systems.mri.sampling import read_sampling

PICTURES = (".png", ".tif", ".tiff")
VOLUMES = (".nii", ".nii.gz")  # whose axes before the last two never count coils
LARGEST = 1e30  # of an image: its k-space stays in single precision


@dataclass(frozen=True)
class Simulated:
    """What a file of k-space holds. kspace: complex64, in the layout of the images, zero frequency in the centre, as
    is the mask, uint8; source: where the images came from; notes: one line each, for the user.
    """

    kspace: np.ndarray
    mask: np.ndarray
    source: Stored
    notes: list[str]


def simulate_file(image: str, mask: str, output: Path, *, noise: float = 0.0, seed: int = 0) -> Simulated:
    """Sampled k-space of an image or stack in a file, zero frequency in the centre, in units of the image.

    mask: a spec or a file; noise: where the maximum of the stack is 1; output: where it is to be written, for a check
    of its format. Raises InputError for bad input.
    """
    if output.suffix.lower() in PICTURES:
        raise InputError(f"{output}: a picture cannot hold complex k-space; write .npz .npy .mat .h5 .cfl or .nii.")
    draw = read_sampling(mask)
    images = read_images(image)
    if len(images.sources) > 1:
        raise InputError(f"{image}: names {len(images.sources)} arrays; simulate takes one at a time.")
    truth = torch.from_numpy(images.stack(images.arrays))
    if truth.ndim > 3 and not output.name.lower().endswith(VOLUMES):
        raise InputError(
            f"{image}: has shape {tuple(truth.shape)}, but four axes of k-space would count coils; write it as "
            ".nii.gz, where they count volumes, or take a part of it, FILE[0] or FILE:KEY[0]."
        )
    height, width = truth.shape[-2:]
    where = draw((height, width), seed)
    slices = truth.reshape(-1, height, width)
    largest = float(slices.abs().max())
    if largest > LARGEST:
        raise InputError(f"{image}: the image reaches {largest:.3g}; scale it down, to {LARGEST:g} at most.")
    generator = torch.Generator().manual_seed(seed)
    kspace = simulate(torch.fft.ifftshift(slices, dim=(-2, -1)) / largest, where, noise, generator) * largest
    kspace = torch.fft.fftshift(kspace, dim=(-2, -1)).reshape(truth.shape).to(torch.complex64)
    centred = torch.fft.fftshift(where).numpy().astype(np.uint8)
    return Simulated(kspace.numpy(), centred, images.sources[0], images.notes)


def simulate(images: Tensor, mask: Tensor, noise: float = 0.0, generator: torch.Generator | None = None) -> Tensor:
    """Sampled unitary k-space of images, (images, height, width), zero frequency at [0, 0].

    noise: standard deviation of Gaussian noise in the real and in the imaginary part, in units of the images.
    """
    kspace = torch.fft.fft2(images, norm="ortho")
    if noise > 0:
        real, imag = torch.randn(2, *images.shape, generator=generator, dtype=images.real.dtype)
        kspace = kspace + noise * torch.complex(real, imag)
    return torch.where(mask, kspace, 0)
