"""Filters that heed edges: a noisy portrait by a Gaussian, by the bilateral and by the guided filter."""

import torch
from gallery import Sheet, show
from matplotlib.figure import Figure

from minimand.app.sample import sample_picture
from minimand.io.pictures import grey
from minimand.kernels.guided_filter import guided_filter
from minimand.metrics import psnr
from minimand.operators.bilateral import bilateral

NOISE, PART = 0.1, (slice(20, 180), slice(60, 220))


@torch.no_grad()
def main() -> None:
    sheet = Sheet("filters", __doc__)
    sheet.options()
    truth = torch.from_numpy(grey(sample_picture().array)).float()[None] / 255
    y = truth + NOISE * torch.randn(truth.shape, generator=torch.Generator().manual_seed(0))
    shown = {
        "truth": truth, "noisy": y, "Gaussian (value 10)": bilateral(y, 1.2, 10.0, 4),
        "bilateral": bilateral(y, 2.0, 0.25, 5), "guided by itself": guided_filter(y, y, 3, 0.02),
    }  # fmt: skip
    figure = Figure(figsize=(12, 2.7), layout="constrained")
    for axes, (name, x) in zip(figure.subplots(1, len(shown)), shown.items(), strict=True):
        value = float(psnr(x, truth, peak=1.0))
        if name != "truth":
            sheet.tell(name, psnr=round(value, 2))
        show(axes, x[0][PART], name if name == "truth" else f"{name}  {value:.1f} dB")
    sheet.save(figure)


if __name__ == "__main__":
    main()
