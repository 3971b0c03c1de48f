"""The page of benchmarks: it shows what is recorded, a row a result, and a run that fails keeps what was there."""

import importlib.util
import json
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


GUIDE = """Before.

<!-- make bench: stages -->
| old |
<!-- end -->

<!-- make bench: pixels -->
| kept |
<!-- end -->
"""


@pytest.fixture
def kept_page(monkeypatch):
    """The runner as it is."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("page", BENCHMARKS / "_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def page(kept_page, monkeypatch, tmp_path):
    """The runner on benchmarks and documents of a test's own."""
    module = kept_page
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setattr(module, "RECORD", tmp_path / "results.json")
    monkeypatch.setattr(module, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(module, "WITH_TABLES", (tmp_path / "guide.md",))
    (tmp_path / "guide.md").write_text(GUIDE)
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


def test_a_benchmark_that_is_skipped_here_keeps_the_lines_of_elsewhere(page, tmp_path, monkeypatch):
    monkeypatch.setattr(page.sys, "argv", ["_page.py", "toy"])
    write(tmp_path, "print('# toy: skipped')")
    assert page.main() == 0
    assert "toy: skipped" in (tmp_path / "page.md").read_text(), "there was nothing yet"
    write(tmp_path, f"print({json.dumps(LINE)!r})")
    assert page.main() == 0
    before = (tmp_path / "page.md").read_text()
    assert "| ours | 0.25" in before
    write(tmp_path, "print('# toy: skipped')")
    assert page.main() == 0
    assert (tmp_path / "page.md").read_text() == before


def test_the_tables_of_other_documents_are_made_anew_and_their_words_stay(page, tmp_path, monkeypatch):
    lines = [{**LINE, "result": f"{n} stages", "seconds": n / 100} for n in (5, 10, 15)]
    write(tmp_path, "\n".join(f"print({json.dumps(line)!r})" for line in lines))
    (tmp_path / "toy.py").rename(tmp_path / "shrinkage_field.py")
    monkeypatch.setattr(page.sys, "argv", ["_page.py"])
    assert page.main() == 0
    made = GUIDE.replace(
        "| old |", "| stages of a network | 5 | 10 | 15 |\n|---|---|---|---|\n| seconds | 0.05 | 0.1 | 0.15 |"
    )
    assert (tmp_path / "guide.md").read_text() == made, "the table never recorded keeps its row"


def test_the_pages_that_are_kept_show_what_is_recorded(kept_page):
    kept = json.loads(kept_page.RECORD.read_text())
    assert kept_page.PAGE.read_text() == kept_page.page(kept), "run benchmarks/_page.py --write"
    for document in kept_page.WITH_TABLES:
        text = document.read_text()
        assert "<!-- make bench: " in text
        assert text == kept_page.filled(text, kept), "run benchmarks/_page.py --write"
