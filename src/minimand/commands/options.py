"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

from typer import Option

LARGEST_SEED = 2**31 - 1

Json = Annotated[bool, Option("--json", help="Print one JSON object.")]
Force = Annotated[bool, Option("--force", help="Replace existing outputs.")]
Report = Annotated[Path | None, Option(metavar="FOLDER", help="Write an HTML report with pictures into this folder.")]
MASKS = "radial:R, cartesian:R, equispaced:R, random:R, full or FILE[:KEY]"
Mask = Annotated[str, Option(metavar="SPEC|FILE", help=f"{MASKS}.")]
OptionalMask = Annotated[str | None, Option("--mask", metavar="SPEC|FILE", help=f"{MASKS}.")]
OperatorSpec = Annotated[
    str | None,
    Option(
        "--operator",
        metavar="SPEC",
        help="Compressive measurements: hadamard:R, diffraction:R, structural:R, blocks:R or orthogonal:R.",
    ),
]
Noise = Annotated[
    float,
    Option(
        metavar="X",
        help="Noise in every real number measured (both parts of k-space): standard deviation, image maximum 1.",
        min=0,
        max=1e6,
    ),
]
Seed = Annotated[int, Option(metavar="N", help="Seed of everything random.", min=0, max=LARGEST_SEED)]
Weights = Annotated[
    str | None,
    Option(
        metavar="NAME|FILE",
        help="Weights of a network, or research: those of weights-research [default: those that ship for it].",
    ),
]
Memory = Annotated[
    float | None,
    Option(
        metavar="GIB",
        help="Memory to use; scans that need more go through files on disk, slice by slice [default: what is free].",
        min=0.0625,
    ),
]
Output = Annotated[Path, Option("-o", "--output", metavar="FILE", help="File to write; the suffix says the format.")]
