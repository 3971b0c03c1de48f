"""Numbers that stay positive while they are learned."""

import pytest
import torch
from torch.testing import assert_close

from minimand import ADMM, Descent


def test_it_is_read_as_it_was_given():
    assert_close(ADMM(rho=0.2, relax=1.6).rho, torch.tensor(0.2))
    assert_close(ADMM(rho=torch.tensor([0.2, 3.0])).rho, torch.tensor([0.2, 3.0]))


def test_it_is_learned_and_stays_positive():
    step = Descent(0.1)
    optimizer = torch.optim.SGD(step.parameters(), lr=100.0)
    step.rate.backward()
    optimizer.step()
    assert 0 < step.rate < 0.1


def test_it_can_be_set_anew():
    step = Descent(0.1)
    step.rate = 0.5
    assert_close(step.rate, torch.tensor(0.5))
    assert len(list(step.parameters())) == 1


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_anything_else_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"Descent\.rate must be positive"):
        Descent(value)
