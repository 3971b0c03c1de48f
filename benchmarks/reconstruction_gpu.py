"""How fast reconstruction and a step of HyperAdam are on a GPU: an image alone and in a batch of 32, one thread of the
processor beside it.

float32, 256 x 256, 30 % radial samples, the shipped networks; the image of the processor is asserted first. HyperAdam:
a million parameters, the kernels in Triton against plain torch on the same GPU, beside torch's Adam. Says so in one
line where there is no GPU.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from _record import SIZE, images, report, timed
from hyperadam import PARAMETERS, check, eager
from torch import Tensor, nn

from minimand import LeastSquares
from minimand.kernels.hyperadam import DEVICES
from minimand.operators import Fourier
from minimand.operators.sampling import radial
from minimand.reconstruction.methods import get_method
from minimand.systems.optimizers import HyperAdam, HyperAdamStep

NAME, BATCH, DEVICE = "reconstruction_gpu", 32, "cuda"
LARGEST = {"tv": 1e-4, "admm-net": 0.01, "admm-csnet": 1e-4}  # differences of norms; ADMM-Net lets rounding grow


def main() -> None:
    if not torch.cuda.is_available() or DEVICE not in DEVICES:
        print(f"# {NAME}: skipped, needs an NVIDIA GPU and triton")
        return
    common = {"gpu": torch.cuda.get_device_name()}
    pictures, common["image"] = images(15)
    pictures = pictures.repeat(3, 1, 1)[:BATCH]
    for name in LARGEST:
        A = Fourier(radial(SIZE, 0.3), real=True)
        method(name, LeastSquares(A, A(pictures)), common)
    optimizer(common)


def method(name: str, data: LeastSquares, common: dict[str, Any]) -> None:
    one = data.items(slice(0, 1))
    slow = get_method(name)
    expected, alone = slow.run(one), timed(lambda: slow.run(one), 3)
    fast, data = get_method(name, device=DEVICE), data.to(DEVICE)
    one = data.items(slice(0, 1))
    difference = float((fast.run(one).cpu() - expected).norm() / expected.norm())
    assert difference < LARGEST[name], f"{name}: images of GPU and processor differ by {difference}"
    report(NAME, f"{name}, one image, processor", **alone, **common)
    for batch, problem in ((1, one), (BATCH, data)):
        figures = timed(finished(partial(fast.run, problem)), 9)
        ratio = alone["seconds"] * batch / figures["seconds"]
        report(
            NAME, f"{name}, batch of {batch}", **figures, seconds_an_image=round(figures["seconds"] / batch, 6),
            times_as_fast=round(ratio, 1), difference=difference, **common,
        )  # fmt: skip


def optimizer(common: dict[str, Any]) -> None:
    difference = check(DEVICE)
    parameters = [nn.Parameter(torch.zeros(PARAMETERS // 4, device=DEVICE)) for _ in range(4)]
    gradients = [torch.randn_like(p) for p in parameters]
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = g
    rule = HyperAdamStep().to(DEVICE)
    ours = timed(finished(HyperAdam(parameters, weights=rule).step), 21)
    plain = timed(finished(eager(torch.cat(gradients)[None])), 21)
    adam = timed(finished(torch.optim.Adam(parameters).step), 21)
    report(NAME, "HyperAdam, a million parameters", **ours, difference=difference, **common)
    report(NAME, "HyperAdam in plain torch", **plain, **common)
    report(NAME, "torch.optim.Adam", **adam, **common)
    report(NAME, "HyperAdam, times plain torch", ratio=round(plain["seconds"] / ours["seconds"], 1), **common)


def finished(run: Callable[[], Tensor | None]) -> Callable[[], None]:
    """The run, and the wait for the GPU to end it."""

    def both() -> None:
        run()
        torch.cuda.synchronize()

    return both


if __name__ == "__main__":
    main()
