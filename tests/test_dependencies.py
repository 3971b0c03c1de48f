"""What pip would do: no extra may bring, change or remove a torch, and what is installed fits together."""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
TORCHES = ("torch", "torchvision", "torchaudio", "pytorch", "nvidia", "cuda", "triton")


def plan(tmp_path: Path, extras: str) -> list[str]:
    """Names and versions that `pip install .[extras]` would install here; skips where it cannot look them up."""
    report = tmp_path / "report.json"
    words = ["install", "--dry-run", "--quiet", "--no-build-isolation", "--disable-pip-version-check", "--retries=1"]
    words += [
        "--report",
        str(report),
        "-c",
        str(ROOT / "constraints.txt"),
        f"{ROOT}[{extras}]" if extras else str(ROOT),
    ]
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
    if done.returncode and any(text in done.stderr for text in ("No matching distribution", "Connection", "No module")):
        pytest.skip(f"needs pip and a package index: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text())["install"]
    return [f"{entry['metadata']['name']}=={entry['metadata']['version']}".lower() for entry in found]


@pytest.mark.slow
@pytest.mark.parametrize("extras", ["", *EXTRAS, ",".join(EXTRAS)])
def test_no_extra_would_touch_the_torch_that_is_installed(tmp_path, extras):
    import torch

    assert torch.__version__.split("+")[0] == "2.13.0"
    assert [name for name in plan(tmp_path, extras) if name.startswith(TORCHES)] == []


def test_what_is_installed_fits_together():
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    if "No module named pip" in done.stderr:
        pytest.skip("needs pip")
    ours = [line for line in done.stdout.splitlines() if line.lower().startswith(("minimand", "torch", "distributed"))]
    assert ours == []


def test_every_pin_takes_the_oldest_python_that_the_readme_names():
    """Debian 12 has 3.11.2; a pin that wants a later 3.11 makes `make demo` fail there."""
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in pins if "==" in line)
    for name, version in pinned.items():
        try:
            found = metadata(name)
        except PackageNotFoundError:  # of an extra that is not installed
            continue
        if found["Version"] == version.split()[0]:
            assert "3.11.0" in SpecifierSet(found.get("Requires-Python") or ""), f"{name}=={version}"
