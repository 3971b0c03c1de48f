"""Networks that learn sparse codes."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from minimand.learning import Task, fit
from minimand.learning.dictionary import unit_atoms
from minimand.steps import FISTA, ProximalGradient
from minimand.steps.lista import safe_rate
from minimand.systems.inference.sparse_coding import (
    CodeTask,
    EnergyTask,
    SparseCoding,
    code_error,
    run,
    standard_patches,
)

KINDS = [("lista", False), ("lista", True), ("coupled", False), ("step", False)]


@pytest.fixture
def problem():
    return SparseCoding(unit_atoms(torch.randn(12, 20, generator=torch.Generator().manual_seed(1))), 0.2)


def examples(count, seed):
    return torch.randn(count, 12, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("kind", "tied"), KINDS)
def test_a_network_is_born_as_ista(problem, kind, tied):
    y = examples(5, seed=2)
    net = problem.network(kind, 6, tied=tied)
    ista = problem.after(ProximalGradient(safe_rate(problem.D)), y, 6)
    assert_close(run(net, problem, y), ista, rtol=1e-4, atol=1e-5)


def test_the_weight_of_the_prior_is_not_learned(problem):
    names = {name for name, p in problem.network("lista", 2).named_parameters() if p.requires_grad}
    assert {name.split(".")[-1] for name in names} == {"W", "S", "log_threshold"}


def test_codes_are_where_the_energy_is_least(problem):
    y = examples(10, seed=3)
    best = problem.codes(y, 300)
    slope = (y - best @ problem.D.mT) @ problem.D
    assert float(slope.abs().max()) <= 0.2 * 1.001
    assert_close(slope[best != 0], 0.2 * best[best != 0].sign(), rtol=1e-2, atol=1e-3)
    assert code_error(problem.after(FISTA(safe_rate(problem.D)), y, 10), best) > code_error(best, best) == 0


@pytest.mark.parametrize("kind", ["codes", "energy"])
def test_it_learns_to_be_better_than_what_it_was_born_as(problem, kind):
    y, held_out = examples(300, seed=4), examples(60, seed=5)
    z, best = problem.codes(y, 40), problem.codes(held_out, 40)
    task: Task = EnergyTask(problem, y, held_out, 64)
    if kind == "codes":
        task = CodeTask(problem, y, z, (held_out, best), batch=64)
    net = problem.network("lista", 3)
    before = task.validate(net)
    progress = fit(net, task, steps=20, rate=lambda name: 5e-3, every=10)
    assert progress.best > before
    assert progress.best == pytest.approx(task.validate(net))
    with torch.no_grad():
        found = run(net, problem, y)
        whole = code_error(found, z) if kind == "codes" else float(problem.energy(y)(found).mean())
        assert float(sum(task.parts(net))) == pytest.approx(whole, rel=1e-4)


def test_patches_have_no_mean_and_length_one_and_flat_ones_are_left_out(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (20, 24)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(np.full((20, 24), 7, np.uint8)).save(tmp_path / "flat.png")
    y = standard_patches([tmp_path / "a.png", tmp_path / "flat.png"], 30, 8, seed=0)
    assert y.shape == (30, 64)
    assert_close(y.mean(1), torch.zeros(30), atol=1e-6, rtol=0)
    assert_close(y.norm(dim=1), torch.ones(30))
