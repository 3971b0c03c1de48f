"""The page of benchmarks: it shows what is recorded, a row a result, and a run that fails keeps what was there."""

import importlib.util
import json
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def page(monkeypatch, tmp_path):
    """The runner on benchmarks of a test's own."""
    spec = importlib.util.spec_from_file_location("page", BENCHMARKS / "_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setattr(module, "RECORD", tmp_path / "results.json")
    monkeypatch.setattr(module, "PAGE", tmp_path / "page.md")
    return module


LINE = {
    "benchmark": "toy", "result": "ours", "seconds": 0.25, "spread": [0.2, 0.5], "runs": 3, "psnr": 30.125, "met": True,
    "other": {"seconds": 1.5, "spread": [1, 2], "runs": 3, "right": 7}, "versions": {"minimand": "1"},
    "hardware": {"cpu": "a cpu", "cores": 2},
}  # fmt: skip


def write(folder, body):
    (folder / "toy.py").write_text(f'"""How fast is a toy?"""\n{body}\n')


def test_a_result_is_a_row_with_its_time_and_every_other_figure(page, tmp_path, monkeypatch):
    write(tmp_path, f"print({json.dumps(LINE)!r})\nprint('# not available: a peer')")
    monkeypatch.setattr(page.sys, "argv", ["_page.py"])
    assert page.main() == 0
    text = (tmp_path / "page.md").read_text()
    assert "## toy\n\nHow fast is a toy?\n\nnot available: a peer\n\na cpu, 2 cores; minimand 1; 0 s in all." in text
    assert "| ours | 0.25 (0.2 to 0.5) | psnr 30.12; met: yes; other 1.5 (1 to 2) s; other right 7 |" in text


def test_a_benchmark_that_fails_keeps_its_earlier_lines(page, tmp_path, monkeypatch):
    write(tmp_path, f"print({json.dumps(LINE)!r})")
    monkeypatch.setattr(page.sys, "argv", ["_page.py", "toy"])
    assert page.main() == 0
    before = (tmp_path / "page.md").read_text()
    write(tmp_path, "assert False")
    assert page.main() == 1
    assert (tmp_path / "page.md").read_text() == before


def test_the_page_that_is_kept_shows_what_is_recorded():
    spec = importlib.util.spec_from_file_location("page", BENCHMARKS / "_page.py")
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    assert page.PAGE.read_text() == page.page(json.loads(page.RECORD.read_text())), "run benchmarks/_page.py --write"
