"""Coil data: SENSE with wavelets and with TV against BART's `pics` with l1-wavelets, quality and time.

A fully sampled brain scan of 8 coils is sampled after the fact, 2 x 2 with a full centre, and 5 times with variable
density. NRMSE is ||s |x| - t|| / ||t||, t the magnitude of the fully sampled coils combined with BART's own maps, s the
scale that fits best. BART gets the weight and number of iterations that serve it best on the measured image, ours the
defaults; times are of maps and reconstruction together, on one thread. Needs Debian's package bart and the scan.
"""

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from _record import report, timed
from torch import Tensor

from minimand.io import InputError, read_array
from minimand.operators import Sense
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.sense import sense_tv, sense_wavelet
from minimand.systems.mri.calibration import calibration_region, centre, espirit
from minimand.systems.mri.coil_scan import corner
from minimand.terms import LeastSquares

NAME, CENTRE = "sense_vs_bart", 24
DATA = Path(os.environ.get("MINIMAND_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
WEIGHTS, ITERATIONS = (0.001, 0.002, 0.005, 0.01, 0.02), (50, 100)


def main() -> None:
    scan = DATA / "mri" / "kspace" / "brain8ch_full.cfl"
    if shutil.which("bart") is None or not scan.is_file():
        print("# not available: needs the command bart (Debian's package) and mri/kspace/brain8ch_full.cfl")
        return
    full = torch.from_numpy(read_array(scan).array)
    with TemporaryDirectory() as folder:
        truth = combined(full, Path(folder))
        for name, mask in masks(full.shape[-2], full.shape[-1]).items():
            sampled = full * mask
            write(sampled, Path(folder) / "k.cfl")
            rivals = {(w, n): error(theirs(Path(folder), w, n), truth) for w in WEIGHTS for n in ITERATIONS}
            weight, count = min(rivals, key=rivals.__getitem__)
            best = timed(partial(theirs, Path(folder), weight, count), 5)
            nrmse = rivals[weight, count]
            report(NAME, f"{name}, bart pics -l1", nrmse=round(nrmse, 5), **best, weight=weight, iterations=count)
            for label, method in (("sense-wavelet", sense_wavelet), ("sense-tv", sense_tv)):
                figures = timed(partial(ours, sampled, mask, method), 5)
                own = error(ours(sampled, mask, method), truth)
                ratio = round(best["seconds"] / figures["seconds"], 2)
                met = own <= nrmse and ratio >= 1
                report(NAME, f"{name}, {label}", nrmse=round(own, 5), **figures, faster=ratio, met=met)


def masks(height: int, width: int) -> dict[str, Tensor]:
    """Zero frequency in the centre, as in the file."""
    regular = torch.from_numpy(read_array(DATA / "mri" / "kspace" / "brain8ch_und2x2.cfl").array).abs().amax(0) > 0
    variable = torch.fft.fftshift(parse_mask("random:0.2", (height, width), seed=0))
    top, left = height // 2 - CENTRE // 2, width // 2 - CENTRE // 2
    variable[top : top + CENTRE, left : left + CENTRE] = True
    return {"2 x 2": regular, "5 x, variable density": variable}


def ours(sampled: Tensor, mask: Tensor, method) -> Tensor:  # type: ignore[no-untyped-def]
    """The image with maps of our own."""
    kspace, inside = corner(sampled), torch.fft.ifftshift(mask)
    maps = espirit(centre(kspace, calibration_region(inside)), (mask.shape[0], mask.shape[1]))[0].to(torch.complex64)
    return method(LeastSquares(Sense(inside, maps), kspace[None]))[0]


def theirs(folder: Path, weight: float, iterations: int) -> Tensor:
    """BART's image."""
    bart(folder, "ecalib", "-m1", "k", "maps")
    bart(folder, "pics", "-S", "-l1", "-r", str(weight), "-i", str(iterations), "k", "maps", "x")
    return torch.from_numpy(read_array(folder / "x.cfl").array)


def combined(full: Tensor, folder: Path) -> Tensor:
    """Magnitude of the fully sampled coils combined with BART's maps, 0 where these see nothing."""
    write(full, folder / "full.cfl")
    bart(folder, "ecalib", "-m1", "full", "fullmaps")
    maps = torch.from_numpy(read_array(folder / "fullmaps.cfl").array)
    images = torch.fft.ifft2(corner(full), norm="ortho")
    return (maps.conj() * images).sum(0).abs()


def error(x: Tensor, truth: Tensor) -> float:
    """NRMSE at the best scale, where the truth is seen."""
    x = x.abs() * (truth > 0)
    return float((x * ((x * truth).sum() / x.square().sum()) - truth).norm() / truth.norm())


def write(kspace: Tensor, path: Path) -> None:
    """(coil, height, width) as BART has it, (height, width, 1, coil), column-major."""
    array = kspace.permute(1, 2, 0)[:, :, None].numpy()
    sizes = [*array.shape, *(1,) * 12]
    path.with_suffix(".hdr").write_text("# Dimensions\n" + " ".join(map(str, sizes)) + "\n")
    array.astype("complex64").flatten(order="F").tofile(path)


def bart(folder: Path, *words: str) -> None:
    done = subprocess.run(["bart", *words], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"bart {words[0]}: {done.stderr.strip()}")


if __name__ == "__main__":
    main()
