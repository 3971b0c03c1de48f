"""Compressive measurements by name: what `hadamard:0.3` or `diffraction:0.2` stands for."""

import difflib

from minimand.operator import Operator
from minimand.operators.diffraction import random_diffraction
from minimand.operators.hadamard import random_hadamard
from minimand.operators.orthogonal import random_blocks, random_orthogonal
from minimand.operators.rate import parse_rate
from minimand.operators.sampling import KINDS as MASKS
from minimand.operators.structured import random_structured

KINDS = ("hadamard", "diffraction", "structural", "blocks", "orthogonal")


def parse_operator(spec: str, size: tuple[int, int], *, seed: int = 0) -> Operator:
    """The operator on real images of (height, width) that a spec such as `hadamard:0.3` or `diffraction:20%` names.

    hadamard: permuted Walsh-Hadamard rows with the mean; diffraction: behind random phases; structural: random signs
    and a cosine transform; blocks: orthonormal rows, the same for every block of 32 pixels, or `blocks:0.3:33`;
    orthogonal: dense orthonormal rows, for small images. seed: of what is random in it. Raises ValueError, one line,
    for a kind, rate or side that is none, and where the operator would not fit into memory.
    """
    kind, _, text = spec.strip().partition(":")
    if kind not in KINDS:
        raise ValueError(f"operator {spec!r}: there is no operator kind {kind!r}; {_hint(spec, kind)}")
    text, colon, side = text.partition(":") if kind == "blocks" else (text, "", "")
    if min(size) < 1:
        raise ValueError(f"an operator needs a size of at least 1x1, got {size[0]}x{size[1]}.")
    rate = parse_rate("operator", spec, kind, text)
    if kind == "hadamard":
        return random_hadamard(size, rate, seed=seed)
    if kind == "diffraction":
        return random_diffraction(size, rate, seed=seed, real=True)
    if kind == "structural":
        return random_structured(size, rate, seed=seed)
    if kind == "orthogonal":
        return random_orthogonal(size, rate, seed=seed)
    if colon and not (side.strip().isdecimal() and 1 <= int(side) <= 128):
        raise ValueError(
            f"operator {spec!r}: blocks have a side of 1 to 128 pixels, got {side!r}; write blocks:0.3:32."
        )
    return random_blocks(size, rate, side=int(side) if colon else 32, seed=seed)


def _hint(spec: str, kind: str) -> str:
    if kind in MASKS:
        return f"masks go with --mask {spec}."
    near = difflib.get_close_matches(kind.lower(), KINDS, n=1)
    every = ", ".join(f"{name}:R" for name in KINDS)
    return f"did you mean {near[0]}?" if near else f"operators are {every}."
