"""What every command does: help at once, one line for a mistake, 130 after Ctrl-C, a traceback for a defect."""

import os
import subprocess
import sys

import pytest

from minimand.commands import app as module
from minimand.commands.app import app, explain, run
from minimand.commands.train import NETWORKS

COMMANDS = sorted(c.name or c.callback.__name__ for c in app.registered_commands)
HEAVY = ["torch", "numpy", "scipy", "matplotlib", "numba", "h5py", "nibabel", "rich", "PIL"]


@pytest.mark.parametrize("command", ["", "reconstruct", "train foe", "weights"])
def test_help_imports_nothing_heavy(command):
    child = f"""
import sys
from minimand.commands.app import run
code = run({[*command.split(), "--help"]!r})
found = [name for name in {HEAVY!r} if name in sys.modules]
sys.exit(code or (f"imported {{found}}" if found else 0))
"""
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage: minimand" in done.stdout


def test_the_list_of_commands_gives_each_a_whole_sentence(done):
    text = done("--help")
    for name in (*COMMANDS, "train", "weights"):
        line = next(line for line in text.splitlines() if line.strip().startswith(name + " "))
        assert line.endswith(".")
        assert len(line) <= 80


@pytest.mark.parametrize("name", [*COMMANDS, "train", *(f"train {network}" for network in NETWORKS)])
def test_the_help_of_a_command_has_an_example_and_says_what_each_option_does(done, name):
    text = done(*name.split(), "--help")
    assert f"minimand {name.split()[0]}" in " ".join(text.split())
    options = [line.split() for line in text.splitlines() if line.startswith("  -")]
    assert all(len(words) > 1 for words in options)
    assert "--no-" not in text.replace("--no-browser", "")


def test_the_version_is_printed(done):
    assert done("--version").startswith("minimand 0.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["recon", "k.npz"], "No such command 'recon'. Did you mean 'reconstruct'"),
        (["weights", "lst"], "Did you mean 'list'"),
        (["score", "a.npy"], "Missing argument 'TRUTH'. See minimand score --help."),
        (["simulate", "a.npy", "-o", "k.npz"], "Missing option '--mask'. See minimand simulate --help."),
        (["compare", "a.npy"], "compare needs --mask"),
        (["reconstruct", "k.npz"], "Missing option '-o'"),
        (["reconstruct", "k.npz", "-o", "x.npz", "--methd", "tv"], "--method"),
        (["simulate", "a.npy", "-o", "k.npz", "--mask", "full", "--seed", "1.5"], "'--seed'"),
        (["simulate", "a.npy", "-o", "k.npz", "--mask", "full", "--seed", "-1"], "'--seed'"),
        (["train", "admm-net", "--data", "a", "--mask", "full", "-o", "w.safetensors", "--depth", "0"], "'--depth'"),
        (["score", "a.npy", "b.npy", "c.npy"], "c.npy"),
    ],
)
def test_a_mistake_in_the_words_is_one_line_and_names_the_right_ones(refused, words, said):
    assert said in refused(*words)


@pytest.mark.parametrize("words", [[], ["weights"], ["train"]])
def test_nothing_asked_for_shows_the_help(minimand, words):
    code, out, err = minimand(*words)
    assert (code, err) == (2, "")
    assert "Commands:" in out


@pytest.fixture
def failing(monkeypatch):
    """A command line whose command raises the error at hand."""

    def prepare(error):
        def command(*arguments, **options):
            raise error

        monkeypatch.setattr(module.typer.main, "get_command", lambda app: command)

    return prepare


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "out of memory"),
        (MemoryError("Unable to allocate 3 TiB"), "Unable to allocate 3 TiB"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "fewer slices"),
        (ArithmeticError("The training loss is nan\nat step 3"), "The training loss is nan at step 3"),
        (FileNotFoundError(2, "No such file", "x"), "No such file"),
    ],
)
def test_an_error_that_a_user_can_mend_is_one_line(refused, failing, error, said):
    failing(error)
    assert said in refused("demo")


@pytest.mark.parametrize("error", [RuntimeError("shape mismatch"), KeyError("x"), ZeroDivisionError("division")])
def test_a_defect_keeps_its_traceback(failing, error):
    failing(error)
    with pytest.raises(type(error)):
        run(["demo"])
    with pytest.raises(type(error)):
        explain(error)


def test_debug_shows_where_a_mistake_was_met(work):
    with pytest.raises(ValueError, match="no such file"):
        run(["score", "a.npy", "--debug", "b.npy"])


def test_ctrl_c_gives_130(minimand, failing):
    failing(KeyboardInterrupt())
    assert minimand("demo") == (130, "", "minimand: interrupted\n")


def test_a_mistake_in_a_real_process_has_exit_code_2(work):
    words = [sys.executable, "-c", "from minimand.commands import main; main()", "score", "gone.npy", "b.npy"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "minimand: gone.npy: no such file.\n"


def test_a_reader_that_goes_away_is_no_error(scans, work):
    script = f"{sys.executable} -c 'from minimand.commands import main; main()' inspect {scans / 'stack.npz'} | true"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
