"""The options of `minimand train`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

LEAST_SIDE = 16
KINDS = {"foe": "denoiser", "dncnn": "denoiser", "proximal-dehaze": "dehazer"}
TAKES = {  # options that mean something for one kind of network and not for another
    "reconstruction": "--mask --operator --validate --test --depth --filters --size --self-supervised --minutes --full "
    "--crop --vary --phase --complex",
    "denoiser": "--sigma --validate --depth --filters --size --shared --crop",
    "dehazer": "--depth",
    "optimizer": "--validate --optimizee --horizon",
}


Network = Annotated[
    str,
    Argument(
        metavar="NETWORK", help="admm-net, admm-csnet; foe, dncnn; proximal-dehaze; hyperadam, rnnprop, dmoptimizer."
    ),
]
Data = Annotated[
    list[str],
    Option("--data", metavar="IMAGES", help="Images to learn from: FILE[:KEY][SLICE], folder or pattern; repeatable."),
]
Weights = Annotated[Path, Option("-o", "--output", metavar="FILE", help="Weights to write, .safetensors.")]
Masks = Annotated[
    list[str] | None,
    Option("--mask", metavar="SPEC|FILE", help="radial:R, cartesian:R, random:R or FILE[:KEY]; repeatable, in turn."),
]
Operators = Annotated[
    list[str] | None,
    Option(
        "--operator",
        metavar="SPEC",
        help="In place of --mask: hadamard:R, diffraction:R, ...; repeatable, drawn in turn.",
    ),
]
Sigma = Annotated[
    float | None,
    Option(metavar="S", help="Denoisers, foe and dncnn: learn to take away noise of S, white being 255.", min=0.01),
]
Shared = Annotated[bool, Option("--shared", help="foe: the same numbers at every step, those of one energy.")]
Validate = Annotated[
    list[str] | None,
    Option(metavar="IMAGES", help="Images to choose the best step on [default: the last sixth of each --data]."),
]
Test = Annotated[list[str] | None, Option(metavar="IMAGES", help="Images for figures on the card, never learned from.")]
Depth = Annotated[int | None, Option(metavar="N", help="Full stages [default: 9 of admm-net, 7 of admm-csnet].", min=1)]
Filters = Annotated[
    int | None, Option(metavar="N", help="Filters of a stage [default: 8 of admm-net, 32 of admm-csnet].", min=1)
]
Side = Annotated[
    int | None, Option(metavar="N", help="Side of a filter, odd [default: 3 of admm-net, 5 of admm-csnet].", min=3)
]
SelfSupervised = Annotated[
    bool,
    Option(
        "--self-supervised",
        help="Learn without truth: --data are scans as they were measured, or, with --mask or --operator, images "
        "that are measured once; a part of each measurement is predicted from the rest.",
    ),
]
Steps = Annotated[int, Option(metavar="N", help="Steps of Adam, one mini-batch each.", min=0)]
Minutes = Annotated[
    float | None,
    Option(metavar="X", help="Instead of --steps: as many as fit, by the time of the first few.", min=0.01),
]
Full = Annotated[int, Option(metavar="N", help="Rounds of five full-batch L-BFGS iterations afterwards.", min=0)]
Batch = Annotated[int, Option(metavar="N", help="Images in a mini-batch; for optimizers, learners at once.", min=1)]
Crop = Annotated[
    str | None, Option(metavar="N|HxW", help="Random windows to learn on, in pixels [default: whole images].")
]
Vary = Annotated[bool, Option("--vary", help="Also learn on images with signs and slow phases.")]
Phase = Annotated[bool, Option("--phase", help="Every other mini-batch is complex, with slow phases.")]
Complex = Annotated[bool, Option("--complex", help="Learn complex images; real ones get smooth random phases.")]
Pace = Annotated[float, Option(metavar="X", help="Factor on all learning rates.", min=1e-6, max=1e6)]
Every = Annotated[int, Option(metavar="N", help="Steps between validations.", min=1)]
Start = Annotated[
    str | None,
    Option(
        "--from", metavar="NAME|FILE", help="Weights to start from; more stages repeat the last, more filters are born."
    ),
]
Licence = Annotated[str, Option(metavar="TEXT", help="Terms of the training data, for the card.")]
Research = Annotated[bool, Option("--research", help="Say on the card that the data were for research use.")]
Optimizees = Annotated[
    list[str] | None,
    Option("--optimizee", metavar="NAME", help="For optimizers: what to learn on, such as mlp-3-relu; repeatable."),
]
Horizons = Annotated[
    list[int] | None,
    Option("--horizon", metavar="N", help="For optimizers: steps of an episode; repeatable, drawn in turn."),
]
Threads = Annotated[int | None, Option(metavar="N", help="CPU threads.", min=1)]
Resume = Annotated[bool, Option("--resume", help="Go on from the checkpoint, bit for bit.")]


def side_lengths(text: str) -> tuple[int, int]:
    """(height, width) of --crop. Raises InputError."""
    from minimand.io import InputError

    found = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", text)
    sides = [int(n) for n in found.groups() if n] if found else [0]
    if min(sides) < LEAST_SIDE:
        raise InputError(f"--crop {text}: write N or HxW, {LEAST_SIDE} pixels at least.")
    return sides[0], sides[-1]


def refuse(network: str, kind: str, options: Mapping[str, object]) -> None:
    """Raise InputError naming the options that were given but mean nothing for this kind of network."""
    from minimand.io import InputError

    if given := [name for name, value in options.items() if value and name not in TAKES[kind].split()]:
        raise InputError(f"{network} is trained without {', '.join(given)}; leave that out.")
