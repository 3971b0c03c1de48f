"""How fast are MIND and a training step of CycleGAN? MIND beside its formula pixel by pixel, which it must equal and
beat tenfold; a step with all losses at 128 x 128, 16 channels and 6 blocks, and at what `train mr-ct` takes unless told
otherwise. Steps also on two threads, for which the aim is 1.3 s.
"""

import importlib.util
from functools import partial
from pathlib import Path

import torch
from _record import report, timed

from minimand.systems.synthesis.cyclegan import METHODS, CycleGAN
from minimand.systems.synthesis.mind import FLOOR, mind
from minimand.systems.synthesis.training import Training

NAIVE = Path(__file__).resolve().parents[1] / "tests" / "systems" / "synthesis" / "naive.py"
AIM, FASTER = 1.3, 10.0  # seconds; times


def step(size: int, width: int, blocks: int, batch: int) -> Training:
    """A training on noise, ready for its next step."""
    method = METHODS["structure"]
    volumes = [torch.rand(3, size, size) * 2 - 1 for _ in range(2)]
    return Training(CycleGAN(width, blocks, structure=method.structure), volumes, volumes, method.pick, steps=10**6,
                    batch=batch)  # fmt: skip


def back(x: torch.Tensor) -> None:
    """The gradient of the squared descriptors."""
    mind(x).square().sum().backward()


def main() -> None:
    spec = importlib.util.spec_from_file_location("naive", NAIVE)
    assert spec is not None
    assert spec.loader is not None
    naive = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(naive)
    image = torch.rand(1, 8, 8, dtype=torch.float64)
    found, wanted = mind(image)[0], torch.from_numpy(naive.naive_mind(image[0].numpy(), 9, 7, 2.0, FLOOR))
    error = float((found - wanted).abs().max())
    assert error < 1e-12
    slow = timed(lambda: naive.naive_mind(image[0].numpy(), 9, 7, 2.0, FLOOR), 1)
    fast = timed(lambda: mind(image), 5)
    ratio = slow["seconds"] / fast["seconds"]
    assert ratio > FASTER
    report("synthesis", "MIND of 8 x 8, the formula", **slow)
    report("synthesis", "MIND of 8 x 8, ours", **fast, times_faster=round(ratio), error=error)
    for side in (64, 256):
        x = (torch.rand(1, side, side) * 2 - 1).requires_grad_(True)
        report("synthesis", f"MIND of {side} x {side}, forward", **timed(partial(mind, x), 3))
        report(
            "synthesis",
            f"MIND of {side} x {side}, both ways",
            **timed(partial(back, x), 3),
        )
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for size, width, blocks, batch in ((128, 16, 6, 1), (64, 8, 4, 2)):
            run = step(size, width, blocks, batch)
            figures = timed(partial(run.step, 0), 5)
            name = f"step at {size} x {size}, {width} channels, {blocks} blocks, batch {batch}, {threads} threads"
            report("synthesis", name, **figures, aim=AIM)


if __name__ == "__main__":
    main()
