"""Races between rules: the same starts and mini-batches, tuned rates, tables that say what is not there."""

import json
import math

import pytest
import torch
from torch import Generator
from torch.testing import assert_close

from minimand.io import InputError
from minimand.systems.optimizers.curves import curves_png
from minimand.systems.optimizers.optimizees import LSTM, MLP
from minimand.systems.optimizers.race import race, rules_of, starter, summary
from minimand.systems.optimizers.registry import make_optimizee
from minimand.systems.optimizers.rivals import OCTAVE, RATES, RIVALS, RivalWalker, tune
from minimand.systems.optimizers.tables import LOSSES, optimizer_table


def test_a_rule_runs_alike_alone_and_beside_others_and_in_parts(pictures):
    net = MLP(pictures, 1, "relu")
    both = race(rules_of("adam:0.01,sgd:0.1", "mlp"), net, steps=3, runs=12, seed=1)
    alone = race(rules_of("sgd:0.1", "mlp"), net, steps=3, runs=12, seed=1)
    assert both["adam:0.01"].shape == (3, 12)
    assert torch.equal(both["sgd:0.1"], alone["sgd:0.1"])
    assert torch.equal(both["sgd:0.1"][0], both["adam:0.01"][0])
    assert len(set(both["sgd:0.1"][0].tolist())) == 12
    assert torch.equal(
        alone["sgd:0.1"][:, :10], race(rules_of("sgd:0.1", "mlp"), net, steps=3, runs=10, seed=1)["sgd:0.1"]
    )


def test_a_learned_rule_goes_as_much_farther_as_its_factor_says():
    x, g = torch.zeros(1, 50), torch.randn(1, 50)
    whole, short = (starter(text, "mlp")(x) for text in ("hyperadam", "hyperadam*0.3"))
    for walker in (whole, short):
        walker.move(g)
    assert float(whole.x.abs().max()) > 0
    assert_close(short.x, 0.3 * whole.x)


@pytest.mark.parametrize("name", RIVALS)
def test_every_rival_moves_each_run_as_torchs_optimizer_moves_it_alone(name, pictures):
    net, generator = MLP(pictures), Generator().manual_seed(0)
    x = net.begin(2, generator)
    together, alone = RivalWalker(name, 0.05, x), RivalWalker(name, 0.05, x[1:])
    for _ in range(3):
        g = torch.randn(2, net.size, generator=generator)
        together.move(g)
        alone.move(g[1:])
    assert_close(together.x[1:], alone.x)
    assert not torch.equal(together.x, x)


@pytest.mark.parametrize("octave", [-9.5, -6.0, -5.5, -3.0, 2.0])
def test_a_search_finds_the_best_half_octave(octave, monkeypatch):
    monkeypatch.setattr(
        "minimand.systems.optimizers.rivals._late", lambda rival, rate, net: abs(math.log2(rate) - octave)
    )
    told = []
    tried = tune("adam", LSTM(), lambda rate, loss: told.append(rate))
    assert next(iter(tried)) == pytest.approx(2.0**octave)
    assert list(tried.values()) == sorted(tried.values())
    assert sorted(told) == sorted(tried)
    assert told[0] == 2.0 ** (OCTAVE["adam"] + 1)


@pytest.mark.slow
def test_a_searched_rate_is_better_than_one_an_octave_off():
    tried = tune("sgd", LSTM())
    assert math.isfinite(next(iter(tried.values())))
    assert len(tried) >= 4


def test_searched_rates_are_those_of_known_tasks_and_rivals(mnist_folder):
    for rival, rates in json.loads(RATES.read_text()).items():
        assert rival in RIVALS
        for task, rate in rates.items():
            if "cifar" not in task:
                make_optimizee(task, mnist_folder)
            assert 2**-14 <= rate <= 2**8


@pytest.mark.slow
def test_the_weights_that_ship_are_ahead_of_their_birth_and_of_tuned_adam_on_an_lstm():
    rules = rules_of("hyperadam,hyperadam-born,adam", "lstm")
    late = {name: float(losses[-10:].mean()) for name, losses in race(rules, LSTM(), steps=100, runs=8, seed=5).items()}
    assert late["hyperadam"] < 0.9 * late["hyperadam-born"]
    assert late["hyperadam"] < 0.8 * late["adam"]


def test_the_summary_is_of_the_last_step():
    losses = torch.tensor([[9.0, 9.0, 9.0], [1.0, 2.0, 3.0]])
    found = summary(losses)
    assert found["loss"] == 2
    assert found["error"] == pytest.approx(1 / math.sqrt(3))
    assert found["late"] == 5.5


def test_curves_are_a_picture():
    png = curves_png({"adam": torch.rand(7, 3), "sgd": torch.zeros(7, 1)}, "title")
    assert png.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("adamw", "there is no rule 'adamw'. Known: hyperadam"),
        ("adam:fast", "adam:fast: the rate must be a number above 0"),
        ("adam:-1", "the rate must be a number above 0"),
        ("hyperadam*-1", "the rate must be a number above 0, such as hyperadam\\*0.01"),
        ("sgd*2", "there is no rule 'sgd"),
        ("momentum", "no rate of momentum was searched for mlp-9-tiny: write momentum:RATE"),
        ("hyperadam:none.safetensors", "no such weights"),
        ("hyperadam:admm-net", "are weights of admm-net, not of hyperadam"),
    ],
)
def test_what_cannot_start_is_refused(text, said):
    with pytest.raises(InputError, match=said.replace("[", r"\[")):
        starter(text, "mlp-9-tiny")


@pytest.mark.parametrize("name", LOSSES)
def test_a_table_has_every_rule_and_the_published_figures(name, mnist_folder):
    table = LOSSES[name]
    assert all(len(row) == len(table.tasks) for row in table.published.values())
    found = optimizer_table(name, mnist_folder, runs=2, steps=2)
    assert [row["method"] for row in found["rows"]] == list(table.rules)
    for row in found["rows"]:
        assert list(row["tasks"]) == list(table.tasks)
        assert all("unavailable" in cell or 0 < cell["loss"] < 100 for cell in row["tasks"].values())
    assert {row["method"]: row for row in found["rows"]}["hyperadam"]["published"]
