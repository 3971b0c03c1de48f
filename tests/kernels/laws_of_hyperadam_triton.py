"""Run by test_hyperadam_triton.py in a process of its own, on a GPU or in Triton's interpreter.

Triton decides when it is imported whether to interpret, hence the process.
"""

import os

import pytest
import torch
from torch.testing import assert_close

from minimand.kernels import hyperadam_triton
from minimand.systems.optimizers import HyperAdamStep

DEVICE = "cpu" if os.environ.get("TRITON_INTERPRET") == "1" else "cuda"


def shaken(candidates: int, dtype: torch.dtype) -> HyperAdamStep:
    """A rule with numbers that are neither zero nor special."""
    torch.manual_seed(candidates)
    rule = HyperAdamStep(candidates).to(DEVICE, dtype).requires_grad_(False)
    for p in rule.parameters():
        p += 0.3 * torch.randn_like(p)
    return rule


def advance(rule: HyperAdamStep, g: torch.Tensor, memory: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """One step by the kernels, in place; the move."""
    h, c, *moments = memory
    unit_g, unit_m = 1 / rule.norm(g[:, None]), 1 / rule.norm(moments[0])
    hyperadam_triton.state_pass(rule.numbers(), g, unit_g, h, c)
    return hyperadam_triton.moment_pass(rule.numbers(), g, h, 1 / rule.norm(h), unit_m, moments)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["single", "double"])
@pytest.mark.parametrize(("candidates", "batch", "p"), [(20, 2, 150), (3, 1, 64), (16, 3, 1)])
def test_the_kernels_are_the_update(dtype: torch.dtype, candidates: int, batch: int, p: int) -> None:
    rule, error = shaken(candidates, dtype), {torch.float32: 2e-4, torch.float64: 1e-6}[dtype]
    memory = rule.remember(torch.zeros(batch, p, dtype=dtype, device=DEVICE))
    own = [part.clone() for part in memory]
    for _ in range(3):
        g = torch.randn(batch, p, dtype=dtype, device=DEVICE) * 10 ** (4 * torch.rand(batch, p, device=DEVICE) - 4)
        move, memory = rule.update(g, memory)
        assert_close(advance(rule, g, own), move, rtol=error, atol=error)
    for found, expected in zip(own, memory, strict=True):
        assert_close(found, expected, rtol=error, atol=error)


def test_no_coordinates_are_no_moves() -> None:
    rule, g = shaken(4, torch.float32), torch.zeros(2, 0, device=DEVICE)
    assert advance(rule, g, rule.remember(g)).shape == (2, 0)


@pytest.mark.skipif(DEVICE == "cpu", reason="needs a CUDA device")
def test_the_step_takes_them_on_a_gpu() -> None:
    rule, g = shaken(20, torch.float32), torch.randn(1, 5000, device=DEVICE)
    memory = rule.remember(g)
    expected, after = rule.update(g, memory)
    (move,) = rule.advance([(g, memory)])
    assert_close(move, expected, rtol=2e-4, atol=2e-4)
    assert_close(memory.m, after.m, rtol=2e-4, atol=2e-4)
