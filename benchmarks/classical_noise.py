"""What does noise in the truth do to the gains of the classical methods over total variation?

Two chest images that their numbers were searched on, radial 20 %, with more and more Gaussian noise that belongs to the
truth: the reconstruction is asked for it, too.
"""

import torch
from _record import SIZE, images, report

from minimand.metrics import psnr
from minimand.operators import Fourier
from minimand.operators.sampling import parse_mask
from minimand.reconstruction.methods import CLASSICAL
from minimand.terms import LeastSquares

METHODS = ("tv", "sidwt", "pbdw", "pano", "bm3d-mri")
SEEN, LEVELS = (8, 28), (0.0, 0.005, 0.01)  # images, counted from 0; standard deviations, of the maximum


def main() -> None:
    truths, source = images(max(SEEN) + 1, first=0)
    A = Fourier(parse_mask("radial:0.2", SIZE, seed=0), real=True)
    for k in SEEN:
        noise = torch.randn(SIZE, generator=torch.Generator().manual_seed(k))
        for level in LEVELS:
            truth = (truths[k] / truths[k].max() + level * noise)[None]
            data = LeastSquares(A, A(truth))
            reached = {name: float(psnr(CLASSICAL[name](data), truth, peak=1.0)) for name in METHODS}
            gains = {name: round(reached[name] - reached["tv"], 2) for name in METHODS[1:]}
            report("classical_noise", f"image {k}, noise {level:g}", on=source, tv=round(reached["tv"], 2), gains=gains)


if __name__ == "__main__":
    main()
