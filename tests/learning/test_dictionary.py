"""Dictionaries learned from examples."""

import pytest
import torch
from torch.testing import assert_close

from minimand.learning.dictionary import (
    energy_dictionary,
    ksvd,
    matching_pursuit,
    overcomplete_cosines,
    sparse_codes,
    unit_atoms,
)


def planted(examples=1500, n=12, m=18, used=2, seed=0):
    """A dictionary, codes of `used` atoms each, and examples to start from."""
    generator = torch.Generator().manual_seed(seed)
    D = unit_atoms(torch.randn(n, m, generator=generator, dtype=torch.float64))
    places = torch.rand(examples, m, generator=generator).argsort(1)[:, :used]
    size = 1 + torch.rand(examples, used, generator=generator, dtype=torch.float64)
    sign = 1.0 - 2 * torch.randint(2, (examples, used), generator=generator)
    z = torch.zeros(examples, m, dtype=torch.float64).scatter(1, places, size * sign)
    return D, z, unit_atoms((z @ D.mT)[torch.randperm(examples, generator=generator)[:m]].mT)


def found(D, learned):
    """How many atoms of D are among the learned ones, up to their sign."""
    return int(((D.mT @ learned).abs().max(1).values > 0.99).sum())


def test_pursuit_finds_few_atoms_exactly():
    D = unit_atoms(torch.randn(30, 40, dtype=torch.float64))
    z = torch.zeros(50, 40, dtype=torch.float64)
    z.scatter_(1, torch.rand(50, 40).argsort(1)[:, :3], 1 + torch.rand(50, 3, dtype=torch.float64))
    assert_close(matching_pursuit(D, z @ D.mT, error=1e-9), z, rtol=1e-6, atol=1e-6)


def test_pursuit_stops_at_the_error_and_at_the_number_of_atoms():
    D, y = unit_atoms(torch.randn(10, 20)), torch.randn(30, 10)
    y[0] = 0
    z = matching_pursuit(D, y, error=0.5)
    assert bool(((y - z @ D.mT).norm(dim=1) <= 0.5 + 1e-5).all())
    assert not z[0].any()
    one_less = matching_pursuit(D, y, error=0.0, atoms=2)
    assert (one_less != 0).sum(1).tolist() == [0] + [2] * 29


def test_pursuit_leaves_nothing_along_the_atoms_that_it_chose():
    D, y = unit_atoms(torch.randn(10, 20, dtype=torch.float64)), torch.randn(30, 10, dtype=torch.float64)
    z = matching_pursuit(D, y, error=0.0, atoms=4)
    along = (y - z @ D.mT) @ D
    assert float(along[z != 0].abs().max()) < 1e-12


def test_ksvd_recovers_a_planted_dictionary():
    D, z, start = planted()
    learned = ksvd(z @ D.mT, start, error=1e-6, rounds=30, atoms=2)
    assert_close(learned.norm(dim=0), torch.ones(18, dtype=torch.float64))
    assert found(D, start) < 3
    assert found(D, learned) >= 15


def test_the_error_of_ksvd_falls():
    D, z, start = planted(examples=400)
    y, errors, learned = z @ D.mT, [], start
    for _ in range(4):
        errors.append(float((y - matching_pursuit(learned, y, 0.0, 2) @ learned.mT).norm()))
        learned = ksvd(y, learned, error=0.0, rounds=1, atoms=2)
    assert errors[-1] < 0.8 * errors[0]


def test_learning_online_lowers_the_energy():
    D, z, start = planted(examples=400)
    y, told = z @ D.mT, []
    learned = energy_dictionary(y, start, 0.2, steps=25, batch=128, show=lambda step, energy: told.append(step))

    def energy(dictionary):
        code = sparse_codes(dictionary, y, 0.2)
        return float(0.5 * (y - code @ dictionary.mT).square().sum() + 0.2 * code.abs().sum())

    assert energy(learned) < 0.8 * energy(start)
    assert told == [*range(1, 26)]
    assert_close(learned.norm(dim=0), torch.ones(18, dtype=torch.float64))


def test_an_atom_that_nobody_uses_becomes_an_example():
    D, z, start = planted(examples=200)
    y = z @ D.mT
    lonely = torch.zeros(12, 1, dtype=torch.float64)
    lonely[0] = 1
    y[:, 0] = 0  # no example has anything along the last atom
    learned = ksvd(y, torch.cat([start[:, :4], lonely], 1), error=1e-3, rounds=1, atoms=1)
    assert float(((y / y.norm(dim=1, keepdim=True)) @ learned[:, 4]).abs().max()) == pytest.approx(1)


@pytest.mark.parametrize("value", [0.0, torch.nan])
def test_an_atom_that_is_zero_or_not_finite_is_refused(value):
    D = torch.ones(4, 3)
    D[:, 1] = value
    with pytest.raises(ValueError, match="got atom 1"):
        unit_atoms(D)


def test_cosines_have_unit_length_and_one_constant():
    D = overcomplete_cosines(8, 11)
    assert D.shape == (64, 121)
    assert_close(D.norm(dim=0), torch.ones(121))
    assert int((D.mean(0).abs() > 1e-5).sum()) == 1
