"""Experts on groups of similar patches: a group of one is a field of experts, and r_k is what the paper says."""

import pytest
import torch
from torch.testing import assert_close

from minimand import Descent, LeastSquares, solve
from minimand.operators import Identity
from minimand.terms import FieldOfExperts, NonLocalExperts
from minimand.terms.nonlocal_experts import similar, wider


@pytest.fixture(autouse=True)
def double_precision():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("group", [1, 3])
def test_born_it_is_the_field_of_experts(group):
    x = 3 * torch.randn(2, 10, 9)
    local, groups = FieldOfExperts(8, 3, points=31), NonLocalExperts(8, 3, group)
    groups = groups.given(groups, x)
    assert_close(groups.grad(x), local.grad(x))
    assert_close(groups(x), local(x))


def test_a_response_is_the_sum_of_each_filter_at_its_similar_pixel():
    x = torch.randn(1, 9, 8)
    term = NonLocalExperts(4, 3, 3)
    with torch.no_grad():
        term.coefficients.copy_(torch.randn_like(term.coefficients))
    corners = similar(x, 3, 3).unflatten(1, (-1, 3))
    filters = term.filters.unflatten(0, (3, 3, 3))  # group, rows, columns, filters
    p = 29
    total = torch.zeros(4)
    for j in range(3):
        row, column = corners[0, p, j].tolist()
        for a in range(3):
            for b in range(3):
                total += filters[j, a, b] * x[0, (row + a) % 9, (column + b) % 8]
    assert_close(term.given(term, x)._responses(x)[0, :, p], total)
    assert corners[0, p, 0].tolist() == [p // 8 - 1, p % 8 - 1]
    assert_close(term.filters.sum(0), torch.zeros(4))


def test_experts_on_a_larger_group_begin_as_they_were():
    x = 3 * torch.randn(2, 10, 9)
    small, large = NonLocalExperts(8, 3, 2), NonLocalExperts(8, 3, 4)
    with torch.no_grad():
        small.coefficients.copy_(torch.randn_like(small.coefficients))
        large.coefficients.copy_(wider(small.coefficients, 4))
    assert_close(large.given(large, x).grad(x), small.given(small, x).grad(x))


def test_similar_pixels_have_similar_surroundings():
    tile = 5 * torch.randn(6, 6)
    x = tile.repeat(3, 3)[None] + 0.01 * torch.randn(1, 18, 18)
    corners = similar(x, 2, 1).unflatten(1, (18, 18, 2))
    for row, column in ((8, 8), (9, 5)):
        here, there = corners[0, row, column].tolist()
        assert here == [row, column]
        assert there != here
        assert [(a - b) % 6 for a, b in zip(here, there)] == [0, 0]


def test_the_energy_falls():
    y = 4 * torch.randn(2, 12, 10)
    term = NonLocalExperts(12, 3, 3)
    found = solve(Descent(0.2), LeastSquares(Identity(), y) + term, y, max_iter=20, tol=0.0, energies=True)
    assert bool((found.energies.diff(dim=0) <= 0).all())


def test_a_picture_smaller_than_a_group_is_its_own_group():
    x = torch.randn(1, 1, 2)
    term = NonLocalExperts(8, 3, 4)
    assert term.given(term, x).grad(x).shape == x.shape


def test_mistakes_are_told():
    with pytest.raises(TypeError, match="knows no similar pixels before"):
        NonLocalExperts(8, 3).grad(torch.randn(1, 8, 8))
    with pytest.raises(ValueError, match="a group of 0"):
        NonLocalExperts(8, 3, 0)
