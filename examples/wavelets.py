"""The plates of wavelets in the talk: Meyer, Morlet, six derivatives of a Gaussian."""

import torch
from gallery import Sheet
from matplotlib.figure import Figure

from minimand.operators.continuous_wavelet import GaussianDerivative, Meyer, Morlet


def main() -> None:
    sheet = Sheet("wavelets", __doc__)
    sheet.options()
    t = torch.linspace(-6, 6, 601, dtype=torch.float64)
    plates = {"Meyer": Meyer()(t), "Morlet (real, imaginary)": Morlet()(t)}
    plates |= {f"Gaussian derivative {n}": GaussianDerivative(n)(t) for n in range(1, 7)}
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    for axes, (name, psi) in zip(figure.subplots(2, 4).flat, plates.items()):
        sheet.tell(name, largest=round(float(psi.abs().max()), 4), mean=round(float(psi.real.mean()), 6))
        axes.plot(t, psi.real, linewidth=1)
        if psi.is_complex():
            axes.plot(t, psi.imag, linewidth=1)
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=7)
    sheet.save(figure)


if __name__ == "__main__":
    main()
