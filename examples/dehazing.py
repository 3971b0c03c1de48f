"""Haze made in two free pictures, and what each method makes of it.

The depth is made up: it falls from the top of the picture to its bottom. The network is that for research use.
"""

import torch
from gallery import Sheet
from matplotlib.figure import Figure
from skimage import data

from minimand.systems.dehazing.dehaze import CLASSICAL, dehaze
from minimand.systems.dehazing.haze import add_haze, transmission
from minimand.systems.dehazing.methods import get_method

DENSITY, AIRLIGHT = 1.3, (0.90, 0.92, 0.95)


def main() -> None:
    sheet = Sheet("dehazing", __doc__)
    sheet.options()
    methods = {
        "dark-channel": CLASSICAL["dark-channel"],
        "color-attenuation": CLASSICAL["color-attenuation"],
        "proximal-dehaze": get_method("proximal-dehaze", "research")[0],
    }
    pictures = {"coffee": data.coffee(), "astronaut": data.astronaut()[:342]}
    figure = Figure(figsize=(13, 3.9), layout="constrained")
    axes = figure.subplots(2, 5)
    for row, (where, picture) in zip(axes, pictures.items(), strict=True):
        J = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
        high, wide = J.shape[2:]
        depth = torch.linspace(1, 0.1, high)[None, :, None].expand(1, high, wide)
        I = add_haze(J, transmission(depth, DENSITY), torch.tensor([AIRLIGHT]))[0]
        shown = {"hazy": I, **{name: dehaze(I, method).J for name, method in methods.items()}, "truth": J[0]}
        for ax, (name, x) in zip(row, shown.items(), strict=True):
            psnr = -10 * float(torch.log10((x - J[0]).square().mean()))
            if name != "truth":
                sheet.tell(f"{where}, {name}", psnr=round(psnr, 2))
            ax.imshow(x.permute(1, 2, 0).numpy())
            ax.set_title(name if name == "truth" else f"{name}  {psnr:.1f} dB", fontsize=9)
            ax.set_axis_off()
    sheet.save(figure, dpi=90)


if __name__ == "__main__":
    main()
