"""HyperAdam's update in Triton: its laws in the interpreter and on a GPU, where there is one; and that it compiles."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("triton", reason="needs triton, which has no build for this system")

LAWS = Path(__file__).with_name("laws_of_hyperadam_triton.py")
HOPPER = ("cuda", 90, 32)


def run(interpret: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(LAWS)]
    settings = {**os.environ, "TRITON_INTERPRET": interpret}
    done = subprocess.run(command, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_laws_hold_in_the_interpreter():
    run("1")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_laws_hold_on_a_gpu():
    run("0")


@pytest.mark.slow
def test_it_compiles_for_a_gpu_that_is_not_here(tmp_path, monkeypatch):
    """What the interpreter does not see: shapes and instructions that the compiler refuses, and shared memory."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    import triton
    from triton.backends.compiler import GPUTarget

    from minimand.kernels import hyperadam_triton as update

    _, _, fixed = update._fixed(torch.empty(1, 99), torch.empty(1, 20, 99))
    options = {"num_warps": update.WARPS, "num_stages": update.STAGES}
    for kernel in (update._state, update._moments):
        names = kernel.arg_names
        known = dict(zip(names[-len(fixed) :], fixed))
        kinds = dict.fromkeys(names, "*fp32") | {"n": "i32", "J": "i32"} | dict.fromkeys(known, "constexpr")
        kinds |= {"EPS": "fp32"} if "EPS" in names else {}
        built = triton.compile(triton.compiler.ASTSource(kernel, kinds, known), GPUTarget(*HOPPER), options)
        assert built.metadata.shared <= 96 * 1024  # bytes a program; Hopper has 227 KiB
