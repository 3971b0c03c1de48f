"""`minimand optimize`: rules side by side on one task, curves, and what is refused."""

import json

import pytest

RUN = ["optimize", "--task", "lstm", "--steps", 3, "--runs", 2]


def test_rules_run_side_by_side_and_curves_are_drawn(work, minimand):
    code, out, err = minimand(*RUN, "--rules", "adam:0.02,sgd:0.01", "-o", "c.png")
    assert code == 0, err
    assert out.splitlines()[0] == "lstm, 1781 parameters, loss at step 3, 2 runs"
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["adam:0.02", "sgd:0.01"]
    assert "note: sgd:0.01: 100 %" in err
    assert (work / "c.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_losses(done):
    a, b, c = (json.loads(done(*RUN, "--rules", "sgd:0.01", "--seed", seed, "--json"))["rules"] for seed in (1, 1, 2))
    assert a == b != c


@pytest.mark.slow
def test_a_rate_can_be_searched_first(minimand):
    code, out, err = minimand(*RUN, "--rules", "adagrad", "--tune")
    assert code == 0
    assert "note: adagrad:0.125 has the late loss" in err
    assert out.splitlines()[2].startswith("adagrad:")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--task", "gru"], "there is no optimizee 'gru'"),
        (["--task", "mlp", "--data", "."], "holds no train-images-idx3-ubyte"),
        (["--rules", "adamw"], "there is no rule 'adamw'"),
        (["--rules", ","], "--rules: name one rule at least"),
        (["-o", "c.jpg"], "c.jpg: curves are drawn as .png"),
    ],
)
def test_what_cannot_run_is_refused(words, said, refused):
    assert said in refused(*RUN, "--rules", "adam:0.1", *words)
