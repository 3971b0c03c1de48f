"""Options that several of the networks of `minimand train` share."""

import re
from pathlib import Path
from typing import Annotated

from typer import Option

LEAST_SIDE = 16

Data = Annotated[
    list[str],
    Option("--data", metavar="IMAGES", help="Images to learn from: FILE[:KEY][SLICE], folder or pattern; repeatable."),
]
Weights = Annotated[Path, Option("-o", "--output", metavar="FILE", help="Weights to write, .safetensors.")]
Validate = Annotated[
    list[str] | None,
    Option(metavar="IMAGES", help="Images to choose the best step on [default: the last sixth of each --data]."),
]
Steps = Annotated[int, Option(metavar="N", help="Steps of Adam, one mini-batch each.", min=0)]
Batch = Annotated[int, Option(metavar="N", help="Images in a mini-batch.", min=1)]
Accumulate = Annotated[
    int,
    Option(metavar="N", help="Mini-batches of a step; processes that torchrun started share them.", min=1),
]
Crop = Annotated[
    str | None, Option(metavar="N|HxW", help="Random windows to learn on, in pixels [default: whole images].")
]
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
Threads = Annotated[int | None, Option(metavar="N", help="CPU threads.", min=1)]
Resume = Annotated[bool, Option("--resume", help="Go on from the checkpoint, bit for bit.")]


def side_lengths(text: str | None) -> tuple[int, int] | None:
    """(height, width) of --crop; None where it was not given. Raises InputError."""
    from minimand.io import InputError

    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", text)
    sides = [int(n) for n in found.groups() if n] if found else [0]
    if min(sides) < LEAST_SIDE:
        raise InputError(f"--crop {text}: write N or HxW, {LEAST_SIDE} pixels at least.")
    return sides[0], sides[-1]
