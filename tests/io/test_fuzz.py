"""Random damage to a file of each kind: an array or one line, never a crash, a hang or a wrong shape (see fuzz.py)."""

import importlib.util
from pathlib import Path

import pytest

PLACE = Path(__file__).with_name("fuzz.py")
SPEC = importlib.util.spec_from_file_location("fuzz", PLACE)
assert SPEC is not None
assert SPEC.loader is not None
fuzz = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(fuzz)


@pytest.fixture(scope="module")
def worker():
    found = fuzz.Worker()
    yield found
    found.close()


@pytest.mark.parametrize("format", fuzz.FORMATS)
def test_two_hundred_damaged_files(worker, format):
    assert fuzz.findings(worker, format, 200) == []


@pytest.mark.slow
@pytest.mark.parametrize("format", fuzz.FORMATS)
def test_two_thousand_damaged_files(worker, format):
    assert fuzz.findings(worker, format, 2000, start=200) == []


def test_a_crash_a_hang_and_a_traceback_are_findings(worker, monkeypatch):
    monkeypatch.setattr(fuzz, "SECONDS", 1.0)
    found = dict(worker.run("faulty", 5))
    assert found == {0: "", 1: "the process ended with -6", 2: "no answer in time", 3: found[3], 4: ""}
    assert "ZeroDivisionError" in found[3]
