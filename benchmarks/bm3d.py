"""Is our BM3D as good as the authors' package, and how fast is it? The 12 pictures of 321 x 481 at sigma 25 (every
fourth of the 48 open BSD68 images, noise of `default_rng(k)`, not clipped), one thread.

The reference is a figure, not a package: theirs may not be used commercially. Seconds are of the processor, so that
other work on the machine counts less; block matching is timed beside its plain torch reference on one picture.
"""

import os
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from _record import report, timed
from PIL import Image

from minimand.kernels.block_matching import block_matching, block_matching_reference
from minimand.terms.bm3d import bm3d

SIGMA = 25.0
REFERENCE = {"psnr": 28.99, "seconds": 5.3}  # bm3d 4.0.3, default profile, on one thread of a shared machine
BAR = 28.90


def pictures() -> list[torch.Tensor]:
    folder = Path(os.environ.get("MINIMAND_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    files = sorted((folder / "images" / "bsd68_dev").glob("*.png"))[::4]
    return [torch.from_numpy(np.asarray(Image.open(file), np.float32)) for file in files]


def main() -> None:
    truths = pictures()
    if not truths:
        print("bm3d: needs the pictures of MINIMAND_DATA")
        return
    noise = [np.random.default_rng(k).normal(0, SIGMA, tuple(t.shape)) for k, t in enumerate(truths)]
    noisy = [(t + torch.from_numpy(n).float())[None] for t, n in zip(truths, noise)]
    bm3d(noisy[0][:, :64, :64], SIGMA)
    figures, seconds = [], []
    for x, t in zip(noisy, truths):
        start = time.process_time()
        found = bm3d(x, SIGMA)
        seconds.append(time.process_time() - start)
        figures.append(float(10 * torch.log10(255**2 / (found - t).square().mean())))
    mean = float(np.mean(figures))
    assert mean >= BAR, f"BM3D reaches {mean:.3f} dB, below {BAR}"
    report(
        "bm3d", "ours", psnr=round(mean, 3), images=[round(f, 2) for f in figures],
        seconds=round(float(np.median(seconds)), 3), spread=[round(min(seconds), 3), round(max(seconds), 3)],
        reference=REFERENCE,
    )  # fmt: skip
    part, options = noisy[0][:, :96, :96], {"step": 3, "window": 39, "count": 16}
    for name, match in (("compiled", block_matching), ("torch", block_matching_reference)):
        found = match(part, 8, **options).distances
        assert torch.allclose(found, block_matching_reference(part, 8, **options).distances, rtol=1e-3)
        report("bm3d", f"block matching of 96 x 96, {name}", **timed(partial(match, part, 8, **options), 3))


if __name__ == "__main__":
    main()
