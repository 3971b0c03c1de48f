"""The evidence lower bound: exact where the likelihood knows nothing, and below the evidence where it can be summed."""

import torch
from torch import nn
from torch.testing import assert_close

from minimand.terms import Evidence, SpatialMixture
from minimand.terms.evidence import drawn_noise
from minimand.terms.spatial_mixture import grouping_loss


def test_a_likelihood_that_ignores_the_latents_leaves_the_divergence_alone():
    decode = nn.Linear(2, 3)
    nn.init.zeros_(decode.weight)
    nn.init.zeros_(decode.bias)
    x = torch.tensor([[[1.0, -2.0], [0.5, 0.0]]])
    value = Evidence(decode, torch.ones(1, 3), drawn_noise(4, 2, 0))(x)
    divergence = 0.5 * (1 + 4 + 2.718281828**0.5 + 1 - 2 - 0.5)
    assert_close(value, torch.tensor([divergence + 3 * 0.6931472]))


def test_it_is_a_lower_bound_and_tight_at_the_posterior():
    """One latent, one linear logit: the evidence by quadrature, the bound over many beliefs."""
    decode = nn.Linear(1, 1, dtype=torch.float64)
    with torch.no_grad():
        decode.weight.fill_(1.5)
        decode.bias.fill_(-0.3)
    z = torch.linspace(-9, 9, 20001, dtype=torch.float64)[:, None]
    prior = torch.exp(-0.5 * z.square()) / (2 * torch.pi) ** 0.5
    evidence = float(torch.log((prior * torch.sigmoid(decode(z))).sum() * (z[1] - z[0])).detach())
    mean, deviation = torch.meshgrid(torch.linspace(-1, 2, 31), torch.linspace(0.4, 1.4, 31), indexing="ij")
    x = torch.stack([mean.flatten(), 2 * deviation.flatten().log()], 1)[..., None].double()
    quantiles = torch.special.ndtri((torch.arange(400, dtype=torch.float64) + 0.5) / 400)[:, None, None]
    bounds = -Evidence(decode, torch.ones(len(x), 1).double(), quantiles)(x).detach()
    assert float(bounds.max()) < evidence + 1e-4
    assert float(bounds.max()) > evidence - 0.02


def test_pixels_belong_to_the_group_that_expects_them():
    decode = nn.Identity()
    y = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    x = torch.tensor([[[8.0, -8.0, -8.0, -8.0], [-8.0, 8.0, -8.0, -8.0]]])
    q = SpatialMixture(decode, y).expect(x)
    assert_close(q[0, :, 0], torch.tensor([1.0, 0.0]), atol=2e-3, rtol=0)
    assert_close(q[0, :, 1], torch.tensor([0.0, 1.0]), atol=2e-3, rtol=0)
    assert_close(q[0, :, 2:], torch.full((2, 2), 0.5))
    assert float(grouping_loss(x, q, y)) < 0.1
    assert float(grouping_loss(x, q.flip(1), y)) > 8
