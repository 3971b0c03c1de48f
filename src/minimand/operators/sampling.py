"""Sampling masks over k-space: M in y = M F x. True where k-space is measured, zero frequency at [0, 0]."""

import difflib
import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minimand.operators.rate import parse_rate

KINDS = ("radial", "cartesian", "equispaced", "random", "full")
CENTRE = 0.32  # share of the columns of a mask that its centre takes


def radial(size: tuple[int, int], rate: float) -> Bool[Tensor, "height width"]:
    """Equally spaced beams through zero frequency, as few as reach `rate`; point-symmetric.

    size: (height, width). rate: in (0, 1], overshot by less than the last beam (one beam is the least there can be).
    Zero-filling a real image stays real. At an even size the Nyquist row and column are left out: a rate that beams
    cannot reach for this reason raises ValueError, except 1, which gives everything. Source: LineMask of l1-magic
    (Candes and Romberg, 2005), in which 27, 55, 85, 117 and 152 beams are the 10..50 % masks of ADMM-Net at 256x256.
    """
    _check(size, rate)
    if rate == 1:
        return torch.ones(size, dtype=torch.bool)
    points = 0.999 * rate * size[0] * size[1]  # 49.98 % counts as 50 %, as in the published masks
    few, many = 0, 4 * max(size)  # bisection: `few` beams fall short, `many` reach the rate
    mask = _beams(size, many)
    if mask.sum() < points:
        raise ValueError(
            f"beams reach {mask.double().mean():.3f} of a {size[0]}x{size[1]} k-space, got rate "
            f"{rate:g}; use a lower rate or the mask full."
        )
    while many - few > 1:
        beams = (few + many) // 2
        tried = _beams(size, beams)
        if tried.sum() < points:
            few = beams
        else:
            many, mask = beams, tried
    return mask


def cartesian(size: tuple[int, int], rate: float, *, seed: int) -> Bool[Tensor, "height width"]:
    """Whole columns, round(rate * width) of them: the lowest third or so always, the rest at random, denser inside.

    size: (height, width). rate: in (0, 1]; at 20 % the fully sampled centre is 6 % of the columns. Not
    point-symmetric. Source: the acceleration and centre fractions of fastMRI (Zbontar et al., 2018), with the
    decaying density of Lustig, Donoho, Pauly (2007).
    """
    _check(size, rate)
    height, width = size
    count = max(1, round(rate * width))
    distance = _frequencies(width).abs() / (width / 2)
    columns = _draw(distance, count, centre=max(1, round(CENTRE * count)), power=2.0, seed=seed)
    return columns.expand(height, width).clone()


def equispaced(size: tuple[int, int], rate: float, *, seed: int) -> Bool[Tensor, "height width"]:
    """Whole columns at equal distances from a random first one, and the lowest ones, as parallel imaging takes them.

    size: (height, width). rate: in (0, 1], met up to a column or two; the fully sampled centre is that of `cartesian`.
    Source: the equispaced masks of fastMRI (Zbontar et al., 2018).
    """
    _check(size, rate)
    height, width = size
    count = max(1, round(rate * width))
    centre = max(1, round(CENTRE * count))
    columns = torch.fft.fftshift(_frequencies(width)).abs() <= (centre - 1) / 2
    if count > centre:
        step = (width - centre) / (count - centre)
        first = step * torch.rand((), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        columns[torch.arange(float(first), width, step, dtype=torch.float64).long()] = True
    return torch.fft.ifftshift(columns).expand(height, width).clone()


def random2d(size: tuple[int, int], rate: float, *, seed: int) -> Bool[Tensor, "height width"]:
    """Single points, round(rate * height * width) of them: an eighth fill the centre, the rest denser inside.

    size: (height, width). rate: in (0, 1]. The density falls as (1 - r)^3 with the distance r from zero frequency,
    r = 1 in the corners. Not point-symmetric. Source: Lustig, Donoho, Pauly (2007), sec. "Choosing samples".
    """
    _check(size, rate)
    height, width = size
    count = max(1, round(rate * height * width))
    row, column = _frequencies(height) / (height / 2), _frequencies(width) / (width / 2)
    distance = torch.hypot(row[:, None], column[None, :]) / math.sqrt(2)
    drawn = _draw(distance.flatten(), count, centre=max(1, count // 8), power=3.0, seed=seed)
    return drawn.reshape(height, width)


def parse_mask(spec: str, size: tuple[int, int], *, seed: int = 0) -> Bool[Tensor, "height width"]:
    """The mask that `radial:0.2`, `cartesian:25%`, `equispaced:25%`, `random:0.1` or `full` stands for.

    size: (height, width). Raises ValueError, one line, for a kind or a rate that is none.
    """
    kind, colon, text = spec.strip().partition(":")
    if kind not in KINDS:
        near = difflib.get_close_matches(kind.lower(), KINDS, n=1)
        known = ", ".join(f"{name}:R" for name in KINDS if name != "full")
        hint = f"did you mean {near[0]}?" if near else f"masks are {known} and full."
        raise ValueError(f"mask {spec!r}: there is no mask kind {kind!r}; {hint}")
    if kind == "full":
        if colon:
            raise ValueError(f"mask {spec!r}: full takes no rate; write full.")
        _check(size, 1.0)
        return torch.ones(size, dtype=torch.bool)
    rate = parse_rate("mask", spec, kind, text)
    if kind == "radial":
        return radial(size, rate)
    draw = {"cartesian": cartesian, "equispaced": equispaced, "random": random2d}[kind]
    return draw(size, rate, seed=seed)


def _check(size: tuple[int, int], rate: float) -> None:
    if min(size) < 1:
        raise ValueError(f"a mask needs a size of at least 1x1, got {size[0]}x{size[1]}.")
    if not 0 < rate <= 1:
        raise ValueError(f"a mask needs a rate in (0, 1], got {rate:g}.")


def _frequencies(n: int) -> Float[Tensor, " n"]:
    """0, 1, ..., -2, -1: the signed index of every frequency, zero first."""
    return torch.fft.fftfreq(n, 1 / n, dtype=torch.float64)


def _beams(size: tuple[int, int], beams: int) -> Bool[Tensor, "height width"]:
    """Beams at angles 0, pi/beams, ... of the k-space square, each with one point per row or per column."""
    height, width = size
    mask = torch.zeros(size, dtype=torch.bool)
    angle = torch.arange(beams, dtype=torch.float64) * (math.pi / beams)
    slope = torch.tan(angle) * (height / width)  # rows per column
    flat = slope.abs() <= 1 + 1e-9
    column = _symmetric(width)
    row = _round(slope[flat, None] * column)
    _mark(mask, row, column.expand_as(row))
    row = _symmetric(height)
    column = _round(row / slope[~flat, None])
    _mark(mask, row.expand_as(column), column)
    return mask


def _symmetric(n: int) -> Float[Tensor, " points"]:
    reach = (n - 1) // 2
    return torch.arange(-reach, reach + 1, dtype=torch.float64)


def _round(x: Float[Tensor, "beams points"]) -> Float[Tensor, "beams points"]:
    """To the nearest integer, halves away from zero: odd, so that beams are point-symmetric."""
    return x.sign() * (x.abs() + 0.5).floor()


def _mark(
    mask: Bool[Tensor, "height width"], row: Float[Tensor, "beams points"], column: Float[Tensor, "beams points"]
) -> None:
    height, width = mask.shape
    inside = (row.abs() <= (height - 1) // 2) & (column.abs() <= (width - 1) // 2)
    mask[row[inside].long() % height, column[inside].long() % width] = True


def _draw(distance: Float[Tensor, " n"], count: int, *, centre: int, power: float, seed: int) -> Bool[Tensor, " n"]:
    """The `centre` nearest entries and others with odds (1 - distance)^power, without replacement, `count` in all.

    Source: Efraimidis and Spirakis (2006), keys -log(u) / weight, smallest first.
    """
    generator = torch.Generator().manual_seed(seed)
    weight = (1 - distance).clamp_min(0.01) ** power
    key = -torch.rand(distance.shape, generator=generator, dtype=torch.float64).log() / weight
    key[distance.argsort(stable=True)[:centre]] = -1
    drawn = torch.zeros(distance.shape, dtype=torch.bool)
    drawn[key.argsort(stable=True)[:count]] = True
    return drawn
