"""The gallery: the figure in the documents is the one its script made, and the script still makes it."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES, PICTURES, REFERENCE = ROOT / "examples", ROOT / "docs" / "images", ROOT / "tests" / "figures"
MADE = sorted(PICTURES.glob("*.json"))
ERROR = ", standard error"
TOLERANCE = 0.02  # of a value, relative, and in units of the table's last digits; other machines round otherwise


def scripts() -> dict[str, Path]:
    """The scripts of the gallery by the names of their pictures."""
    found = {}
    for script in sorted(EXAMPLES.glob("*.py")):
        if name := re.search(r'Sheet\("([\w-]+)"', script.read_text(encoding="utf-8")):
            found[name[1]] = script
    return found


def stem(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("told", MADE, ids=stem)
def test_the_figure_in_the_documents_is_the_one_that_the_script_made(told):
    picture = told.with_suffix(".png").read_bytes()
    found = json.loads(told.read_text(encoding="utf-8"))
    assert hashlib.sha256(picture).hexdigest() == found["sha256"], f"run again: {found['command']}"
    assert "--small" not in found["command"]
    assert found["values"]


def test_every_script_has_its_figure_and_the_gallery_shows_it():
    gallery = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    for name, script in scripts().items():
        assert (PICTURES / f"{name}.png").is_file(), script.name
        assert f"images/{name}.png" in gallery, script.name
        assert f"examples/{script.name}" in gallery
    for told in MADE:
        assert f"images/{told.stem}.png" in gallery


@pytest.mark.slow
@pytest.mark.parametrize("name", [*scripts(), *(told.stem for told in MADE if told.stem.startswith("table-"))])
def test_the_script_still_makes_it(name, tmp_path):
    """Again, smaller where that takes long: the values are those kept beside the picture."""
    reference = REFERENCE / f"{name}.json"
    kept = reference if reference.is_file() else PICTURES / f"{name}.json"
    command = json.loads(kept.read_text(encoding="utf-8"))["command"].split()[1:]
    needs = "data=True" in (ROOT / command[0]).read_text(encoding="utf-8")
    data = Path(os.environ.get("MINIMAND_DATA", ROOT.parent / "shared" / "data"))
    if needs and not data.is_dir():
        pytest.skip("needs the real data: name their folder in MINIMAND_DATA")
    output = tmp_path / f"{name}.png"
    subprocess.run([sys.executable, *command, "-o", output], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    assert output.read_bytes().startswith(b"\x89PNG")
    found, wanted = (json.loads(p.read_text(encoding="utf-8"))["values"] for p in (output.with_suffix(".json"), kept))
    assert [value["what"] for value in found] == [value["what"] for value in wanted]
    for ours, theirs in zip(found, wanted, strict=True):
        assert flat(ours) == pytest.approx(flat(theirs), rel=TOLERANCE, abs=TOLERANCE), ours["what"]
        for name in measured(theirs):
            assert ours[name] == pytest.approx(theirs[name], abs=2 * theirs[name + ERROR]), (ours["what"], name)


def measured(value) -> list[str]:
    """The names of figures that are told with their standard error, from few random runs."""
    return [name.removesuffix(ERROR) for name in value if name.endswith(ERROR)]


def flat(value) -> list[float]:
    """The numbers of a value, in order, without those that have a standard error: their runs are chaotic, so that
    another processor's rounding is another draw.
    """
    if isinstance(value, dict):
        drawn = measured(value)
        value = {name: part for name, part in value.items() if name.removesuffix(ERROR) not in drawn}
    if isinstance(value, dict):
        value = [part for name, part in sorted(value.items()) if name != "what"]
    return [number for part in value for number in flat(part)] if isinstance(value, list) else [float(value)]
