"""How long do the classical MRI methods take, and how good are they? Five chest images of 256 x 256, radial 20 %, one
thread, beside a third of the seconds in the talk's table (on its authors' machine).

Seconds are of the processor, so that other work on the machine counts less.
"""

import time

import numpy as np
from _record import images, report

from minimand.metrics import psnr
from minimand.operators import Fourier
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.methods import CLASSICAL
from minimand.systems.mri.published import SECONDS
from minimand.terms import LeastSquares

METHODS = ("tv", "recpf", "sidwt", "pbdw", "pano", "fdlcp", "bm3d-mri")


def main() -> None:
    truths, source = images(5)
    A = Fourier(parse_mask("radial:0.2", (256, 256), seed=0), real=True)
    small, reached = Fourier(parse_mask("radial:0.5", (64, 64), seed=0), real=True), {}
    for name in METHODS:
        CLASSICAL[name](LeastSquares(small, small(truths[:1, :64, :64])))  # compiles
        figures, seconds = [], []
        for truth in truths:
            data = LeastSquares(A, A(truth[None]))
            start = time.process_time()
            found = CLASSICAL[name](data)
            seconds.append(time.process_time() - start)
            figures.append(float(psnr(found, truth[None], peak=1.0)))
        reached[name] = float(np.mean(figures))
        assert reached[name] >= reached["tv"] - 0.05, f"{name} reaches {reached[name]:.2f} dB, tv {reached['tv']:.2f}"
        report(
            "classical", name, psnr=round(reached[name], 2), images=[round(f, 2) for f in figures], on=source,
            seconds=round(float(np.median(seconds)), 3), spread=[round(min(seconds), 3), round(max(seconds), 3)],
            allowed=round(SECONDS[name] / 3, 2),
        )  # fmt: skip


if __name__ == "__main__":
    main()
