"""How fast the shrinkage field is on a GPU: a stage and a network of 10 stages, batches of 32 and of one image.

float32, 128 filters 5x5 at 256x256, plain torch (its TF32 switched off) beside it in the same run. Accuracy against
plain torch in double precision is asserted first. Says so in one line where there is no GPU.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from _record import SIZE, images, report, timed
from shrinkage_field import FILTERS, STAGES, infer, numbers, reference, train
from torch import Tensor

from minimand import LeastSquares
from minimand.kernels.shrinkage_field import DEVICES, shrinkage_field
from minimand.operators import Fourier
from minimand.operators.sampling import radial
from minimand.reconstruction.admm_csnet import ADMMCSNet

NAME, BATCH, DEVICE = "shrinkage_field_gpu", 32, "cuda"
TARGET = 0.002  # seconds an image of the network, in a batch of 32 on an H200-class card


def main() -> None:
    if not torch.cuda.is_available() or DEVICE not in DEVICES:
        print(f"# {NAME}: skipped, needs an NVIDIA GPU and triton")
        return
    torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(0)
    pictures, name = images(15)
    pictures = pictures.repeat(3, 1, 1)[:BATCH].to(DEVICE)
    field = tuple(t.to(DEVICE) for t in numbers(FILTERS, 5))
    common = {"gpu": torch.cuda.get_device_name(), "image": name, **check(pictures[:2, None], field)}
    for batch in (BATCH, 1):
        x = pictures[:batch, None].contiguous()
        for kind, run in [("inference", infer), ("training", train)]:
            ours = measured(partial(run, shrinkage_field, x, field), batch)
            plain = measured(partial(run, reference, x, field), batch)
            report(NAME, f"{kind}, one stage", **ours, **common)
            report(NAME, f"{kind}, one stage, plain torch", **plain, **common)
            ratio = plain["seconds_an_image"] / ours["seconds_an_image"]
            report(NAME, f"{kind}, ratio", ratio=round(ratio, 1), batch=batch)
        whole = measured(network(pictures[:batch]), batch)
        goal = {"target": TARGET, "met": whole["seconds_an_image"] <= TARGET} if batch == BATCH else {}
        report(NAME, f"network of {STAGES} stages", **whole, **goal, **common)


def check(x: Tensor, field: tuple[Tensor, ...]) -> dict[str, float]:
    """Largest relative difference of result and gradients to plain torch in double precision, asserted small.

    In single precision each may be four times that of plain torch: slopes of curves jump at the points of their grid,
    so that rounding moves gradients more than results.
    """
    double = tuple(t.double() for t in field)
    wanted = train(reference, x.double(), double)

    def errors(run: Callable[..., Tensor], image: Tensor, numbers_: tuple[Tensor, ...]) -> list[float]:
        return [float((a - b).norm() / b.norm()) for a, b in zip(train(run, image, numbers_), wanted, strict=True)]

    exact, single, plain = errors(shrinkage_field, x.double(), double), *(errors(f, x, field) for f in BOTH)
    assert max(exact) < 1e-9, f"kernel and plain torch differ in double precision: {exact}"
    assert single[0] < 1e-5, f"results differ in single precision: {single[0]}"
    assert all(a < max(1e-4, 4 * b) for a, b in zip(single, plain, strict=True)), (single, plain)
    return {"relative_difference_double": max(exact), "relative_difference_single": max(single), "plain": max(plain)}


def measured(run: Callable[[], Any], batch: int) -> dict[str, Any]:
    """Seconds an image, and the most memory that the batch took beyond what was there before."""

    def finished() -> None:
        run()
        torch.cuda.synchronize()

    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    figures = timed(finished, 21)
    grown = (torch.cuda.max_memory_allocated() - before) / 2**20
    return {"seconds_an_image": figures["seconds"] / batch, **figures, "batch": batch, "mebibytes": round(grown)}


BOTH = (shrinkage_field, reference)


def network(pictures: Tensor) -> Callable[[], Tensor]:
    """A network on pseudo-radial samples of the pictures, ready to run."""
    A = Fourier(radial(SIZE, 0.2), real=True).to(DEVICE)
    net, y = ADMMCSNet(STAGES, filters=FILTERS).requires_grad_(False).to(DEVICE), A(pictures)
    return lambda: net(LeastSquares(A, y))


if __name__ == "__main__":
    main()
