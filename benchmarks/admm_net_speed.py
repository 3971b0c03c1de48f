"""How long the 9-stage ADMM-Net takes for an image and for a training step, and how much memory the step needs.

One thread, float32, 256x256, pseudo-radial 20 %. The training step (batch 4, forward and backward) is compared with the
same network whose curves are evaluated by plain gathers; both must give the same gradients first, in double precision.
Memory is the growth of the peak resident set of a process of its own, with and without checkpointing.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from _record import SIZE, images, report, timed
from torch import Tensor

from minimand import LeastSquares
from minimand.kernels.piecewise_linear import piecewise_linear, piecewise_linear_reference
from minimand.operators import Fourier
from minimand.operators.sampling import radial
from minimand.reconstruction.admm_net import ADMMNet
from minimand.reconstruction.training import nmse_loss

DEPTH, BATCH = 9, 4
IMAGE_TARGET, STEP_TARGET = 0.05, 5.0
CHECKPOINTS = (None, 1, 3)
GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": "1000000"}  # glibc then returns what is freed, and the peak is what is in use
NAME, SETTING = "admm_net_speed", {"size": list(SIZE), "sampling": "radial:0.2", "stages": DEPTH}


def main() -> None:
    grown: dict[int | None, float] = {}
    for every in CHECKPOINTS:  # first, for a process starts with the peak of the one that started it
        command = [sys.executable, __file__, "memory", json.dumps(every)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **GIVE_BACK})
        grown[every] = json.loads(done.stdout)
        report(NAME, "memory of a training step", mebibytes=grown[every], checkpoint=every, batch=BATCH, **SETTING)
    assert max(grown[1], grown[3]) < 0.75 * grown[None], "checkpointing saves no memory"
    torch.manual_seed(0)
    pictures, name = images(BATCH)
    mask, net = radial(SIZE, 0.2), stirred(ADMMNet(DEPTH))
    common = {"image": name, **SETTING}

    A = Fourier(mask, real=True)
    y = A(pictures[:1])
    with torch.no_grad():
        single, double = net(LeastSquares(A, y)), net.double()(LeastSquares(A, y.to(torch.complex128)))
        net.float()
        error = float((single - double).norm() / double.norm())
        assert error < 1e-4, "single precision is off"
        figures = timed(lambda: net(LeastSquares(A, y)), 31)
    met = figures["seconds"] <= IMAGE_TARGET
    report(NAME, "one image", **figures, target=IMAGE_TARGET, met=met, relative_error=error, **common)

    kernel = gradients(net.double(), pictures.double(), mask)
    with curves(piecewise_linear_reference):
        gathers = gradients(net, pictures.double(), mask)
    net.float()
    difference = float((kernel - gathers).norm() / gathers.norm())
    assert difference < 1e-9, "the gradients of kernel and gathers differ"
    fast = timed(lambda: gradients(net, pictures, mask), 7)
    report(NAME, "training step", **fast, batch=BATCH, relative_difference=difference, **common)
    with curves(piecewise_linear_reference):
        slow = timed(lambda: gradients(net, pictures, mask), 5)
    report(NAME, "training step, curves by gathers", **slow, batch=BATCH, **common)
    ratio = slow["seconds"] / fast["seconds"]
    report(NAME, "ratio of the steps", ratio=round(ratio, 3), target=STEP_TARGET, met=ratio >= STEP_TARGET)
    alone = {}
    for kind, curve in [("kernel", piecewise_linear), ("gathers", piecewise_linear_reference)]:
        alone[kind] = timed(partial(one_curve, net, pictures, curve), 15)
        report(NAME, f"one layer of curves, forward and backward, {kind}", **alone[kind], batch=BATCH, **common)
    ratio_alone = alone["gathers"]["seconds"] / alone["kernel"]["seconds"]
    report(NAME, "ratio of the curves alone", ratio=round(ratio_alone, 3))


def stirred(net: ADMMNet) -> ADMMNet:
    """The network a little off its initial values, so that no gradient vanishes by symmetry."""
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.01 * torch.randn_like(p))
    return net


def gradients(net: ADMMNet, pictures: Tensor, mask: Tensor) -> Tensor:
    """One training step without the optimizer: forward and backward."""
    A = Fourier(mask, real=True)
    net.zero_grad()
    nmse_loss(net, pictures, LeastSquares(A, A(pictures))).backward()
    return torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None])


def one_curve(net: ADMMNet, pictures: Tensor, curve: Callable[..., Tensor]) -> None:
    """One shrinkage layer of a training step by itself."""
    stage: Any = net.unrolled.stages[0]
    prior = stage.prior[0]
    with torch.no_grad():
        c = prior.operator(pictures).flatten(2)
    curve(c.requires_grad_(), prior.term.values, 1.0).sum().backward()


@contextmanager
def curves(function: Callable[..., Tensor]) -> Iterator[None]:
    """Evaluate the curves by another function inside the block."""
    home: Any = sys.modules["minimand.terms.piecewise_linear"]
    home.piecewise_linear = function
    try:
        yield
    finally:
        home.piecewise_linear = piecewise_linear


def memory(every: int | None) -> None:
    """Print by how many MiB the peak of the resident set grows in a step, everything loaded and compiled before."""
    pictures, mask = images(BATCH)[0], radial(SIZE, 0.2)
    small, net = ADMMNet(1), ADMMNet(DEPTH)
    small.unrolled.checkpoint = net.unrolled.checkpoint = every
    gradients(small, pictures[:, :16, :16].contiguous(), radial((16, 16), 0.5))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    gradients(net, pictures, mask)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    print(round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / unit, 1))


if __name__ == "__main__":
    memory(json.loads(sys.argv[2])) if sys.argv[1:2] == ["memory"] else main()
