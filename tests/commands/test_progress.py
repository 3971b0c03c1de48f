"""Progress on stderr: lines now and then where there is no terminal, a bar where there is one."""

import io
import sys
import time

import pytest

from minimand.commands import progress
from minimand.commands.progress import counting, training_progress, working
from minimand.learning import Progress


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when told to."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_short_work_says_nothing(capsys, clock):
    with counting("tv", 10) as show:
        for k in range(10):
            clock[0] += 0.1
            show("", k + 1)
    assert capsys.readouterr() == ("", "")


def test_long_work_says_now_and_then_how_far_it_is(capsys, clock):
    with counting("comparing", 60, "reconstructions") as show:
        for k in range(60):
            clock[0] += 1
            show("tv", k + 1)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == "comparing: 2 of 60 reconstructions, 0:02, 0:58 left, tv"
    assert len(err.splitlines()) == 4


def test_training_says_loss_score_and_time_left_at_every_validation(capsys, clock):
    with training_progress(4000) as show:
        clock[0] += 1
        show(Progress(step=1, loss=0.5))
        clock[0] += 99
        show(Progress(step=100, loss=0.25, score=31.5, best=31.5, best_step=100, history=[(100, 0.3, 31.5)]))
    lines = capsys.readouterr().err.splitlines()
    best = "loss 0.2500, validation 31.50 dB, best 31.50 dB at step 100"
    assert lines == [f"learning: 100 of 4000 steps, 1:40, 1:05:00 left, {best}"]


def test_the_time_left_of_a_resumed_run_counts_its_own_steps(capsys, clock):
    with training_progress(400) as show:
        clock[0] += 10
        show(Progress(step=301, loss=0.5))
    assert "0:10, 16:30 left, loss 0.5000\n" in capsys.readouterr().err


def test_a_terminal_gets_a_bar(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with counting("comparing", 4) as show:
        show("tv", 2)
        time.sleep(0.15)
    with working("writing the report"):
        time.sleep(0.15)
    assert "comparing" in screen.getvalue()
    assert "2/4" in screen.getvalue()
    assert "writing the report" in screen.getvalue()


def test_a_log_is_spared_the_sign_of_life(capsys):
    with working("writing the report"):
        pass
    assert capsys.readouterr() == ("", "")
