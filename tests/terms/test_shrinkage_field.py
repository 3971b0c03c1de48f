"""The learned prior of ADMM-CSNet."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from minimand.terms import ShrinkageField


def image(*, complex_: bool = False) -> Tensor:
    return 0.3 * torch.randn(2, 9, 8, dtype=torch.complex128 if complex_ else torch.float64)


def stirred(prior: ShrinkageField) -> ShrinkageField:
    with torch.no_grad():
        for p in prior.parameters():
            p += 0.1 * torch.randn_like(p)
    return prior.double()


def test_is_born_as_the_identity_without_gain() -> None:
    v = image(complex_=True)
    assert torch.equal(ShrinkageField(4, 3, gain=0.0).double().prox(v, 1.0), v)
    assert torch.equal(ShrinkageField(4, 3, gain=0.0, steps=3).double().prox(v, 1.0), v)


def test_is_the_residual_layer_of_the_authors() -> None:
    prior = stirred(ShrinkageField(4, 5))
    with torch.no_grad():
        prior.values.copy_(torch.linspace(-1, 1, 101).relu().repeat(4, 1))  # whose curve is then a ReLU
    v = 0.1 * image()
    u = F.conv2d(v.unsqueeze(1), prior.analysis, prior.bias, padding=2).relu()
    pull = F.conv2d(u, prior.synthesis.transpose(0, 1), padding=2).squeeze(1) + prior.mean
    torch.testing.assert_close(prior.prox(v, 1.0), v - pull)


def test_real_filters_act_on_both_parts_alike() -> None:
    prior, v = stirred(ShrinkageField(4, 3)), image(complex_=True)
    x = prior.prox(v, 1.0)
    torch.testing.assert_close(x.real, prior.prox(v.real.contiguous(), 1.0))
    torch.testing.assert_close(x.imag, prior.prox(v.imag.contiguous(), 1.0))


def test_complex_filters_multiply_complex_numbers() -> None:
    prior, v = stirred(ShrinkageField(3, 3, complex_filters=True)), 0.1 * image(complex_=True)
    with torch.no_grad():
        prior.bias.zero_()
        prior.values.copy_(torch.linspace(-1, 1, 101).repeat(3, 1))  # the identity: all that is left is linear
    forth, back = (torch.complex(b[:, :1], b[:, 1:]) for b in (prior.analysis.detach(), prior.synthesis.detach()))
    u = F.conv2d(v.unsqueeze(1), forth, padding=1)
    pull = F.conv2d(u, back.transpose(0, 1), padding=1).squeeze(1)
    mean = torch.complex(prior.mean, prior.mean).detach()
    torch.testing.assert_close(prior.prox(v, 1.0).detach(), v - pull - mean)


def test_steps_are_gradient_steps_with_the_same_filters() -> None:
    prior, v = stirred(ShrinkageField(3, 3, steps=2)), image()
    assert prior.mu is not None
    (a, b), (c, d) = prior.mu.detach()
    first = a * v + b * v - prior._pull(v)
    torch.testing.assert_close(prior.prox(v, 1.0), c * first + d * v - prior._pull(first))


def test_scales_like_a_norm() -> None:
    prior, v = stirred(ShrinkageField(3, 3)), image()
    torch.testing.assert_close(prior.prox(0.5 * v, 0.5), 0.5 * prior.prox(v, 1.0))


@pytest.mark.parametrize(("filters", "size", "steps"), [(0, 3, 1), (4, 4, 1), (4, 1, 1), (4, 3, 0)])
def test_refuses_sizes_that_are_none(filters: int, size: int, steps: int) -> None:
    with pytest.raises(ValueError, match="ShrinkageField needs"):
        ShrinkageField(filters, size, steps=steps)


def test_refuses_real_images_with_complex_filters() -> None:
    with pytest.raises(ValueError, match="takes complex images"):
        ShrinkageField(2, 3, complex_filters=True).double().prox(image(), 1.0)
