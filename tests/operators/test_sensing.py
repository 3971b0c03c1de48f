"""Operators by name."""

import pytest
import torch
from torch.testing import assert_close

from minimand.operators.sensing import KINDS, parse_operator

SIZES = [(32, 32), (33, 47), (8, 96)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_takes_real_images_of_any_size_at_its_rate(kind, size):
    A = parse_operator(f"{kind}:0.25", size, seed=1)
    x = torch.rand(2, *size)
    y = A(x)
    assert y.shape[1] == pytest.approx(0.25 * size[0] * size[1], rel=0.02)
    back = A.adjoint(y)
    assert (back.shape, back.dtype) == (x.shape, x.dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_operator_and_another_gives_another(kind):
    x = torch.rand(1, 16, 16)
    one, same, other = (parse_operator(f"{kind}:50%", (16, 16), seed=k)(x) for k in (1, 1, 2))
    assert_close(one, same)
    assert (one - other).norm() > 0.1 * one.norm()


def test_blocks_may_name_their_side():
    assert parse_operator("blocks:0.25:33", (66, 66)).side == 33
    assert parse_operator("blocks:25%", (64, 64)).side == 32


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("hadamrd:0.3", "did you mean hadamard?"),
        ("radial:0.3", "masks go with --mask radial:0.3"),
        ("zzz", "operators are hadamard:R, diffraction:R"),
        ("hadamard", "needs a rate in .0, 1., got ''; write hadamard:0.2 or hadamard:20%"),
        ("diffraction:20", "write diffraction:20%"),
        ("structural:0", "must be in .0, 1., got 0"),
        ("blocks:0.3:0", "a side of 1 to 128 pixels, got '0'"),
        ("blocks:0.3:many", "got 'many'"),
        ("hadamard:0.3:4", "got '0.3:4'"),
        ("orthogonal:nan", "must be in .0, 1., got nan"),
    ],
)
def test_a_bad_spec_is_one_clear_line(spec, said):
    with pytest.raises(ValueError, match=said) as caught:
        parse_operator(spec, (32, 32))
    assert "\n" not in str(caught.value)


def test_an_empty_size_is_refused():
    with pytest.raises(ValueError, match="at least 1x1"):
        parse_operator("hadamard:0.3", (0, 4))
