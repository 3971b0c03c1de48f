"""The project keeps its own rules: small files, no machine's paths, one torch, and a wheel that carries the weights."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = dict(
    line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split("\n") if "==" in line
)
A_SECOND_TORCH = re.compile(r"torchvision|torchaudio|nvidia-.*|cuda-.*")  # triton alone brings none


def tracked() -> list[Path]:
    """The files git knows, or would at the next `git add`; skips outside a checkout."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("needs a git checkout, to know which files belong to the project")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def needed_by(requirements: list[str], extras: frozenset[str] = frozenset()) -> set[str]:
    """Names of every package that the requirements bring on this machine, except those only torch asks for."""
    names: set[str] = set()
    queue = [(Requirement(text), extras) for text in requirements]
    seen = set()
    while queue:
        requirement, wanted = queue.pop()
        if requirement.marker and not any(requirement.marker.evaluate({"extra": e}) for e in wanted or {""}):
            continue
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        names.add(name)
        if name == "torch":
            continue
        try:
            below = requires(name) or []
        except PackageNotFoundError:  # an extra that is not installed here
            below = []
        queue += [(Requirement(text), key[1]) for text in below]
    return names


def test_no_source_file_is_longer_than_400_lines():
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_no_tracked_file_names_a_machine_s_paths():
    path = re.compile(r"(?<![\w.\])}-])/(?:home|Users|root|work|farm)/\w")
    found = []
    for file in tracked():
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:  # pictures, weights
            continue
        found += [f"{file.relative_to(ROOT)}:{n}: {line}" for n, line in enumerate(lines, 1) if path.search(line)]
    assert found == []


def test_no_tracked_file_is_larger_than_a_mebibyte():
    assert [str(file.relative_to(ROOT)) for file in tracked() if file.stat().st_size > 2**20] == []


def test_every_version_is_pinned_and_torch_is_2_13_0():
    assert PINS["torch"] == "2.13.0"
    asked = [*PROJECT["dependencies"], *(text for extra in PROJECT["optional-dependencies"].values() for text in extra)]
    pinned = {canonicalize_name(name): version for name, version in PINS.items()}
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def test_no_pin_brings_a_second_torch():
    assert [name for name in PINS if A_SECOND_TORCH.fullmatch(canonicalize_name(name))] == []


@pytest.mark.parametrize("extra", ["", *PROJECT["optional-dependencies"]])
def test_no_extra_changes_or_adds_a_torch(extra):
    asked = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    assert [name for name in needed_by(asked) if A_SECOND_TORCH.fullmatch(name)] == []


def test_the_wheel_carries_every_weight_file_and_nothing_else_that_is_large(tmp_path):
    build = f"import flit_core.buildapi as b; print(b.build_wheel({str(tmp_path)!r}))"
    done = subprocess.run([sys.executable, "-c", build], cwd=ROOT, capture_output=True, text=True, check=True)
    with zipfile.ZipFile(tmp_path / done.stdout.split()[-1]) as wheel:
        inside = {entry.filename: entry.file_size for entry in wheel.infolist()}
    source = ROOT / "src"
    weights = [f for f in source.rglob("weights/*") if f.suffix in (".safetensors", ".json")]
    assert {f.relative_to(source).as_posix() for f in weights} <= set(inside)
    assert "minimand/__init__.py" in inside
    assert {name: size for name, size in inside.items() if size > 2**20} == {}


def test_every_shipped_network_has_its_card():
    weights = ROOT / "src" / "minimand" / "weights"
    networks = {f.stem for f in weights.glob("*.safetensors")}
    cards = {f.stem for f in weights.glob("*.json") if json.loads(f.read_text(encoding="utf-8"))}
    assert networks == cards
