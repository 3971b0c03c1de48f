"""A process of its own: kept, replaced after a crash, ended with its owner."""

import os
import subprocess
import sys
import time

import pytest

from minimand.io.child import Child, ChildError

SCRIPT = """
import json, os, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("crash"):
        os.abort()
    time.sleep(asked.get("sleep", 0))
    print(json.dumps({"error": "no"} if asked.get("fail") else {"pid": os.getpid(), "n": asked.get("n")}), flush=True)
"""


@pytest.fixture
def child(tmp_path):
    (tmp_path / "child.py").write_text(SCRIPT)
    found = Child(tmp_path / "child.py")
    yield found
    found.close()


def test_one_process_answers_question_after_question(child):
    answers = [child.ask({"n": n}, 30.0) for n in range(5)]
    assert [a["n"] for a in answers] == [0, 1, 2, 3, 4]
    assert len({a["pid"] for a in answers}) == 1
    assert answers[0]["pid"] != os.getpid()


def test_after_a_crash_a_late_answer_or_an_error_the_next_question_is_answered(child):
    first = child.ask({}, 30.0)["pid"]
    with pytest.raises(ChildError, match="no"):
        child.ask({"fail": True}, 30.0)
    assert child.ask({}, 30.0)["pid"] == first
    with pytest.raises(ChildError, match="crashed") as caught:
        child.ask({"crash": True}, 30.0)
    assert not caught.value.late
    assert child.ask({"n": 1}, 30.0)["n"] == 1
    with pytest.raises(ChildError) as caught:
        child.ask({"sleep": 60}, 0.3)
    assert caught.value.late
    assert child.ask({"n": 2}, 30.0)["n"] == 2


def test_it_ends_with_the_process_that_asked_even_where_that_is_killed(tmp_path):
    (tmp_path / "child.py").write_text(SCRIPT)
    owner = f"""
import os, signal
from pathlib import Path
from minimand.io.child import Child
print(Child(Path({str(tmp_path / "child.py")!r})).ask({{}}, 30.0)["pid"], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", owner], capture_output=True, text=True, check=False)
    process = int(done.stdout)
    for _ in range(200):
        if not alive(process):
            return
        time.sleep(0.05)
    raise AssertionError("the child outlived its owner")


def alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
