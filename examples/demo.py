"""The README's picture: a brain slice from a fifth of its k-space by four methods, and their errors."""

import torch
from gallery import Sheet, show
from matplotlib.figure import Figure

from minimand.metrics import psnr
from minimand.reconstruction.acquisition import fixed
from minimand.reconstruction.compare import at_peak_one
from minimand.reconstruction.methods import get_method
from minimand.reconstruction.reconstruct import reconstruct
from minimand.systems.mri.acquisition import sampled_by
from minimand.systems.mri.demo import METHODS, SAMPLING, embedded_scan
from minimand.systems.mri.report import sampling_picture
from minimand.systems.mri.sampling import read_sampling

SLICE, ERROR = 15, 0.1


@torch.no_grad()
def main() -> None:
    sheet = Sheet("demo", __doc__)
    sheet.options()
    (truth,) = at_peak_one(embedded_scan().arrays[SLICE : SLICE + 1])
    data = fixed(sampled_by(read_sampling(SAMPLING)), truth[None])
    figure = Figure(figsize=(14, 4.7), layout="constrained")
    axes = figure.subplots(2, 1 + len(METHODS))
    bright = float(truth.quantile(0.998))
    show(axes[0, 0], truth, "truth", high=bright)
    mask = sampling_picture(data.A).double()
    show(axes[1, 0], mask, f"sampled: {100 * float(mask.mean()):.0f} % of k-space")
    for column, name in zip(axes[:, 1:].T, METHODS, strict=True):
        x = reconstruct(data, get_method(name)).images
        value = float(psnr(x, truth[None], peak=1.0))
        sheet.tell(name, psnr=round(value, 2))
        show(column[0], x[0], f"{name}  {value:.2f} dB", high=bright)
        show(column[1], (x[0] - truth).abs(), "|x - truth|", high=ERROR, colours="inferno")
    figure.colorbar(axes[1, -1].images[0], ax=axes[1, -1], shrink=0.9)
    sheet.save(figure, dpi=110)


if __name__ == "__main__":
    main()
