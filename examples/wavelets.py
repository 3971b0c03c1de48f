"""The plates of wavelets in the talk: Meyer, Morlet, six derivatives of a Gaussian; writes docs/images/wavelets.png."""

import argparse
from pathlib import Path

import torch
from matplotlib.figure import Figure

from minimand.operators.continuous_wavelet import GaussianDerivative, Meyer, Morlet

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "images" / "wavelets.png")
    output = parser.parse_args().output
    t = torch.linspace(-6, 6, 601, dtype=torch.float64)
    plates = {"Meyer": Meyer()(t), "Morlet (real, imaginary)": Morlet()(t)}
    plates |= {f"Gaussian derivative {n}": GaussianDerivative(n)(t) for n in range(1, 7)}
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    for axes, (name, psi) in zip(figure.subplots(2, 4).flat, plates.items()):
        axes.plot(t, psi.real, linewidth=1)
        if psi.is_complex():
            axes.plot(t, psi.imag, linewidth=1)
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=7)
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=100)


if __name__ == "__main__":
    main()
