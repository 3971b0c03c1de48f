"""How good compressive imaging is: TV and every ADMM-CSNet at hand, Hadamard 30 % and diffraction 20 %.

The middles (256 x 256) of ten pictures of bsd68_dev, which no shipped network has seen; operators drawn with seed 0,
one thread. The aim: a network 1.5 dB above TV in the mean.
"""

import os
from pathlib import Path

from _record import report

from minimand.reconstruction.compare import compare
from minimand.systems.imaging.acquisition import read_operator, sensed_by
from minimand.systems.imaging.tables import TEN, middles, networks

DATA = Path(os.environ.get("MINIMAND_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
OPERATORS, AHEAD = ("hadamard:0.3", "diffraction:0.2"), 1.5


def main() -> None:
    arrays, peaks = middles([DATA / "images" / name for name in TEN])
    for operator in OPERATORS:
        measure, psnr = sensed_by(read_operator(operator)), {}
        rivals: list[tuple[str, str, str | None]] = [("zero-filled", "zero-filled", None), ("tv", "tv", None)]
        rivals += [(label, "admm-csnet", weights) for label, weights in networks(operator)]
        for label, method, weights in rivals:
            done = compare(arrays, measure, [method], weights=weights, network=method, peaks=peaks)
            figures = {name: round(value, 4) for name, value in done.table()[method].items()}
            psnr[label] = figures["psnr"]
            each = [round(value, 2) for value in done.scores[method].psnr.tolist()]
            report("imaging_quality", label, operator=operator, pictures=len(arrays), **figures, each_psnr=each)
        for label, value in list(psnr.items())[2:]:
            ahead = round(value - psnr["tv"], 2)
            report(
                "imaging_quality",
                f"{label} above tv, dB",
                operator=operator,
                ahead=ahead,
                target=AHEAD,
                met=ahead >= AHEAD,
            )


if __name__ == "__main__":
    main()
