"""The wheel in an empty environment: it installs, the demo works, and importing the package costs little."""

import json
import os
import re
import statistics
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 4 * 2**20  # bytes of the wheel


def build(folder: Path) -> Path:
    """The wheel, in a folder."""
    code = f"import flit_core.buildapi as b; print(b.build_wheel({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return folder / done.stdout.split()[-1]


def test_the_wheel_is_small(tmp_path):
    size = build(tmp_path).stat().st_size
    print(f"{size / 2**20:.2f} MiB")
    assert 2**20 < size < LARGEST


@pytest.mark.slow
def test_the_wheel_gives_a_working_demo_in_an_empty_environment(tmp_path):
    wheel, home = build(tmp_path), tmp_path / "env"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if re.search(
        "No matching distribution|Could not find a version|ConnectionError|Network is unreachable", done.stderr
    ):
        pytest.skip(f"needs a package index: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    demo = [home / "bin" / "minimand", "demo", "--json"]
    said = subprocess.run(demo, cwd=tmp_path, env=clean, capture_output=True, text=True, check=True)
    methods = json.loads(said.stdout)["methods"]
    assert methods["admm-net"]["psnr"] > methods["tv"]["psnr"] > methods["zero-filled"]["psnr"]
    where = "import minimand; print(minimand.__file__)"
    found = subprocess.run([python, "-c", where], cwd=tmp_path, env=clean, capture_output=True, text=True, check=True)
    assert str(home) in found.stdout
    asked = subprocess.run(
        [home / "bin" / "minimand", "app"], cwd=tmp_path, env=clean, capture_output=True, text=True, check=False
    )
    assert asked.returncode == 2
    assert "pip install 'minimand[app]'" in asked.stderr


@pytest.mark.slow
def test_importing_the_package_costs_little_beside_torch():
    """Processor time of a process, so that others on the machine count for little."""
    code = "import time; s = time.process_time(); import {}; print(time.process_time() - s)"

    def cost(name: str) -> float:
        runs = [subprocess.run([sys.executable, "-c", code.format(name)], capture_output=True, text=True, check=True)
                for _ in range(5)]  # fmt: skip
        return statistics.median(float(run.stdout) for run in runs)

    torch, package, core = cost("torch"), cost("minimand"), cost("minimand, minimand.loops, minimand.steps")
    print(f"torch {torch:.2f} s, minimand {package:.3f} s, with its core, torch included, {core:.2f} s")
    assert package < 1.5 * torch
    assert core < 2.5 * torch
