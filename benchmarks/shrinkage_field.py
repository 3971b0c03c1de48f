"""How fast the shrinkage field is: inference and training step against plain torch, a network of 10 stages, two threads
against one, growth with pixels, filters, filter size and stages, and the distance to the machine's own limit.

float32, 128 filters 5x5 at 256x256 where nothing else is said. Accuracy is asserted first, in double precision. The
limit is the time that the counted multiply-adds would take at the rate of torch's matrix product in the same process.
Two threads are worth comparing on an otherwise idle machine only.
"""

import os
import statistics
from collections.abc import Callable
from functools import partial

import torch
from _record import SIZE, images, report, timed
from torch import Tensor

from minimand import LeastSquares
from minimand.kernels.shrinkage_field import shrinkage_field, shrinkage_field_reference
from minimand.operators import Fourier
from minimand.operators.sampling import radial
from minimand.reconstruction.admm_csnet import ADMMCSNet

NAME, FILTERS, STAGES = "shrinkage_field", 128, 10
TARGETS = {"inference": 20.0, "training": 8.0, "threads": 1.7, "network": 0.25}
CONVOLUTIONS = {"inference": 2, "training": 7}  # of one image with all filters: 2 forward, 5 more backward


def main() -> None:
    torch.manual_seed(0)
    pictures, name = images(1)
    x, field = pictures.unsqueeze(1), numbers(FILTERS, 5)
    difference = check(x, field)
    peak = matrix_rate()
    print(f"# image {name}, matrix product {peak / 1e9:.1f} GFLOP/s")
    for kind, run in [("inference", infer), ("training", train)]:
        ours = timed(partial(run, shrinkage_field, x, field), 9)
        plain = timed(partial(run, reference, x, field), 3)
        floor = CONVOLUTIONS[kind] * 2 * FILTERS * 25 * x.numel() / peak
        ratio = plain["seconds"] / ours["seconds"]
        report(NAME, f"{kind}, one stage", **ours, floor=floor, over_floor=round(ours["seconds"] / floor, 2),
               relative_difference=difference)  # fmt: skip
        report(NAME, f"{kind}, one stage, plain torch", **plain)
        report(NAME, f"{kind}, ratio", ratio=round(ratio, 1), target=TARGETS[kind], met=ratio >= TARGETS[kind])
    whole = network(pictures, STAGES, FILTERS)
    met = whole["seconds"] <= TARGETS["network"]
    report(NAME, f"network of {STAGES} stages, one image", **whole, target=TARGETS["network"], met=met)
    threads(x, field)
    growth(pictures)


def growth(pictures: Tensor) -> None:
    """One stage for images, filters and stages of other numbers and sizes."""
    for side in (64, 128, 256, 512):
        x = torch.rand(1, 1, side, side)
        report(NAME, f"{side} x {side}", **timed(partial(infer, shrinkage_field, x, numbers(FILTERS, 5)), 7))
    for filters in (16, 32, 64, 128, 256):
        field = numbers(filters, 5)
        report(NAME, f"{filters} filters", **timed(partial(infer, shrinkage_field, pictures[:, None], field), 7))
    for size in (3, 5, 7):
        field = numbers(FILTERS, size)
        figures = timed(partial(infer, shrinkage_field, pictures[:, None], field), 7)
        report(NAME, f"filters {size} x {size}", **figures)
    for stages in (5, 10, 15):
        report(NAME, f"{stages} stages", **network(pictures, stages, FILTERS))


def threads(x: Tensor, field: tuple[Tensor, ...]) -> None:
    """Two threads against one, forward and backward; beside it what they gain in torch's matrix product, which is less
    than 2 where the two cores are halves of one, or lent to a neighbour.
    """
    if (os.cpu_count() or 1) < 2:
        print("# one core: two threads are not compared")
        return
    a, b = torch.randn(2, 1024, 1024)
    for kind, run in [("inference", infer), ("training", train)]:
        ratio, seconds = gain(partial(run, shrinkage_field, x, field))
        report(NAME, f"{kind}, two threads", seconds=seconds, ratio=ratio, machine=gain(lambda: a @ b)[0],
               target=TARGETS["threads"], met=ratio >= TARGETS["threads"])  # fmt: skip


def gain(run: Callable[[], object]) -> tuple[float, float]:
    """How many times faster two threads are, taken in turns, and their seconds; medians."""
    each: dict[int, list[float]] = {1: [], 2: []}
    for count in (1, 2) * 21:
        torch.set_num_threads(count)
        os.environ["NUMBA_NUM_THREADS"] = str(count)
        each[count].append(timed(run, 1)["seconds"])
    torch.set_num_threads(1)
    del os.environ["NUMBA_NUM_THREADS"]
    one, two = (statistics.median(each[count]) for count in (1, 2))
    return round(one / two, 2), two


def numbers(filters: int, size: int) -> tuple[Tensor, ...]:
    """Filters, bias, curves and filters of a stage a little off its initial values."""
    deviation = (2 / (size * size * filters)) ** 0.5
    analysis, synthesis = deviation * torch.randn(2, filters, 1, size, size)
    curves = torch.linspace(-1, 1, 101).relu() + 0.01 * torch.randn(filters, 101)
    return analysis, 0.01 * torch.randn(filters), curves, synthesis


def check(x: Tensor, field: tuple[Tensor, ...]) -> float:
    """Largest relative difference of result and gradients to plain torch in double precision, asserted small. Single
    precision is asserted as near to double as plain torch is: where a filter's answer lies on a knot, as in an empty
    background, rounding decides between two slopes.
    """
    double = tuple(t.double() for t in field)
    truth = train(reference, x.double(), double)
    difference = max(_distances(train(shrinkage_field, x.double(), double), truth))
    assert difference < 1e-9, "kernel and plain torch differ"
    single = zip(_distances(train(shrinkage_field, x, field), truth), _distances(train(reference, x, field), truth))
    assert all(ours < 2 * plain + 1e-6 for ours, plain in single), "single precision is off"
    return difference


def _distances(ours: list[Tensor], truth: list[Tensor]) -> list[float]:
    return [float((a - b).norm() / b.norm()) for a, b in zip(ours, truth, strict=True)]


def reference(x: Tensor, analysis: Tensor, bias: Tensor, values: Tensor, synthesis: Tensor) -> Tensor:
    outer = x.new_ones(len(bias), 2)
    return shrinkage_field_reference(x, analysis, bias, values, synthesis, 1.0, outer, False)


def infer(function: Callable[..., Tensor], x: Tensor, field: tuple[Tensor, ...]) -> Tensor:
    with torch.no_grad():
        return function(x, *field)


def train(function: Callable[..., Tensor], x: Tensor, field: tuple[Tensor, ...]) -> list[Tensor]:
    """The result and its gradients."""
    leaves = [t.detach().requires_grad_() for t in (x, *field)]
    y = function(*leaves)
    return [y.detach(), *torch.autograd.grad(y.square().sum(), leaves)]


def network(pictures: Tensor, stages: int, filters: int) -> dict[str, float]:
    """Seconds of a whole network on one image."""
    A, net = Fourier(radial(SIZE, 0.2), real=True), ADMMCSNet(stages, filters=filters).requires_grad_(False)
    y = A(pictures)
    return timed(lambda: net(LeastSquares(A, y)), 7)


def matrix_rate() -> float:
    """Operations a second of torch's matrix product."""
    a, b = torch.randn(2, 1024, 1024)
    return 2 * 1024**3 / timed(lambda: a @ b, 9)["seconds"]


if __name__ == "__main__":
    main()
