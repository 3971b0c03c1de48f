"""Coil data: ADMM-CSNet against SENSE with wavelets and with TV, on simulated and on measured coils.

Simulated: chest images with made phases and noise, 8 coils on a ring, maps estimated by ESPIRiT; PSNR in dB. Measured:
a brain of 8 coils sampled after the fact; NRMSE at the best scale against the fully sampled coils combined with maps of
our own.
"""

import os
from pathlib import Path

import torch
from _record import report
from torch import Tensor

from minimand.io import read_array, read_images
from minimand.metrics import psnr
from minimand.operators import Sense
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.methods import get_method
from minimand.reconstruction.phases import as_scanned
from minimand.systems.mri.acquisition import received
from minimand.systems.mri.calibration import calibration_region, centre, espirit
from minimand.systems.mri.coil_scan import corner
from minimand.systems.mri.coils import ring
from minimand.terms import LeastSquares

NAME, NETWORK, CENTRE = "coil_network", "admm-csnet-coils", 24
DATA = Path(os.environ.get("MINIMAND_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "mri"
METHODS = {"sense-wavelet": None, "sense-tv": None, "admm-csnet": NETWORK}
SIMULATED = ("cartesian:0.25", "equispaced:0.25", "equispaced:0.33", "random:0.2")


def main() -> None:
    if not DATA.is_dir():
        print(f"# not available: needs the data in {DATA}")
        return
    pictures = read_images(f"{DATA}/chest_train_075.npz:image[54:58]")
    truth = as_scanned(torch.stack([torch.from_numpy(a / a.max()).float() for a in pictures.arrays]), generator(5))
    size = (truth.shape[-2], truth.shape[-1])
    for spec in SIMULATED:
        mask = parse_mask(spec, size, seed=3)
        y = received(truth, mask, ring(size, 8, 1.4, 0.3)).y
        data = LeastSquares(Sense(mask, torch.stack([estimated(one, mask) for one in y])), y)
        for method, x in images(data).items():
            quality = float(psnr(x.abs(), truth.abs(), peak=1.0).mean())
            report(NAME, f"simulated, {spec}, {method}", psnr=round(quality, 2))
    full = corner(torch.from_numpy(read_array(DATA / "kspace" / "brain8ch_full.cfl").array))
    masks = measured_masks(full.shape[-2], full.shape[-1])
    whole = (estimated(full, masks["2 x 2"]).conj() * torch.fft.ifft2(full, norm="ortho")).sum(0).abs()
    for name, mask in masks.items():
        data = LeastSquares(Sense(mask, estimated(full * mask, mask)[None]), (full * mask)[None])
        for method, x in images(data).items():
            report(NAME, f"measured, {name}, {method}", nrmse=round(error(x[0], whole), 4))


def images(data: LeastSquares) -> dict[str, Tensor]:
    """The images of every method."""
    return {name: get_method(name, weights=weights).run(data) for name, weights in METHODS.items()}


def estimated(kspace: Tensor, mask: Tensor) -> Tensor:
    """Maps from the fully sampled centre, (coil, height, width)."""
    size = (mask.shape[-2], mask.shape[-1])
    return espirit(centre(kspace, calibration_region(mask)), size)[0][0].to(torch.complex64)


def measured_masks(height: int, width: int) -> dict[str, Tensor]:
    """Regular points as the scan comes with, random points and lines, each with a full centre."""
    size, masks = (height, width), {}
    regular = torch.from_numpy(read_array(DATA / "kspace" / "brain8ch_und2x2.cfl").array).abs().amax(0) > 0
    masks["2 x 2"] = torch.fft.ifftshift(regular)
    for spec in ("random:0.2", "cartesian:0.25", "cartesian:0.33"):
        mask = torch.fft.fftshift(parse_mask(spec, size))
        rows = slice(height // 2 - CENTRE // 2, height // 2 + CENTRE // 2) if spec.startswith("random") else slice(None)
        mask[rows, width // 2 - CENTRE // 2 : width // 2 + CENTRE // 2] = True
        masks[f"{spec} and a centre"] = torch.fft.ifftshift(mask)
    return masks


def error(x: Tensor, truth: Tensor) -> float:
    """NRMSE at the best scale, where the truth is seen."""
    x = x.abs() * (truth > 0)
    return float((x * ((x * truth).sum() / x.square().sum()) - truth).norm() / truth.norm())


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


if __name__ == "__main__":
    main()
