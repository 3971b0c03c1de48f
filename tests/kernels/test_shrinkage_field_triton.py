"""The shrinkage field in Triton: its laws in the interpreter and on a GPU, where there is one; and that it compiles."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("triton", reason="needs triton, which has no build for this system")

LAWS = Path(__file__).with_name("laws_of_shrinkage_field_triton.py")
POINTERS = ["grad", "x", "w", "bias", "base", "rise", "v", "columns", "dw", "dv", "dbias", "dvalues", "y"]
HOPPER = ("cuda", 90, 32)


def run(speed: str, interpret: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", speed, str(LAWS)]
    settings = {**os.environ, "TRITON_INTERPRET": interpret}
    done = subprocess.run(command, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("speed", ["not slow", pytest.param("slow", marks=pytest.mark.slow)])
def test_the_laws_hold_in_the_interpreter(speed):
    run(speed, "1")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_laws_hold_on_a_gpu():
    run("", "0")


@pytest.mark.parametrize("name", ["shrinkage_field", "shrinkage_field_backward"])
def test_the_operator_has_a_form_for_cuda(name):
    from minimand.kernels import shrinkage_field  # noqa: F401

    assert torch._C._dispatch_has_kernel_for_dispatch_key(f"minimand::{name}", "CUDA")


@pytest.mark.slow
@pytest.mark.parametrize("size", [3, 5, 7])
@pytest.mark.parametrize("precision", ["fp32", "fp64"])
def test_it_compiles_for_a_gpu_that_is_not_here(size, precision, tmp_path, monkeypatch):
    """What the interpreter does not see: shapes and instructions that the compiler refuses, and shared memory."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    import triton
    from triton.backends.compiler import GPUTarget

    from minimand.kernels import shrinkage_field_triton as field

    x, filters = torch.empty(1, 1, 99, 99), torch.empty(128, 1, size, size)
    kind = torch.float64 if precision == "fp64" else torch.float32
    _, fixed = field._fixed(x.to(kind), filters, True, field.PIXELS)
    _, short = field._fixed(x.to(kind), filters, True, field.PIXELS_OF_SUMS)
    options = {"num_warps": field.WARPS, "num_stages": field.STAGES}
    kernels = [(field._forward, fixed), (field._backward_image, fixed), (field._backward_field, short)]
    for kernel, constants in [*kernels, (field._add_columns, (-1, size, True, field.ADDED))]:
        names = kernel.arg_names
        known = dict(zip(names[-len(constants) :], constants))
        kinds = {n: "constexpr" if n in known else f"*{precision}" if n in POINTERS else "i32" for n in names}
        built = triton.compile(triton.compiler.ASTSource(kernel, kinds, known), GPUTarget(*HOPPER), options)
        assert built.metadata.shared <= 96 * 1024  # bytes a program; Hopper has 227 KiB
