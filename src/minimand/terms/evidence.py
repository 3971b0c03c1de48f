"""The evidence lower bound of a latent variable with a Gaussian posterior and a network as the likelihood."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minimand.term import Term

Beliefs = Float[Tensor, "batch 2 latents"]  # q(z) = N(mean, variance): mean and log variance


class Evidence(Term):
    """-ELBO = KL(N(m, s^2) || N(0, 1)) - E_q[log p(y | z)], z = m + s eps, in nats, of binary y with p = sigmoid of
    what `decode` gives.

    x: m and log s^2. y: from 0 to 1, (batch, pixels). noise: eps, (samples, 1 or batch, latents), fixed, so that the
    term is a function. decode: (..., latents) -> (..., pixels); its numbers are not of this term. Source: Kingma and
    Welling (2014), eqs. 3 and 10, with the plus before the second term that the talk's slide has as a minus.
    """

    own_points = True
    y: Tensor
    noise: Tensor

    def __init__(
        self,
        decode: nn.Module,
        y: Float[Tensor, "batch pixels"],
        noise: Float[Tensor, "samples items latents"],
    ):
        super().__init__()
        self._decode = (decode,)  # in a tuple, so that it is no part of this module
        self.register_buffer("y", y, persistent=False)
        self.register_buffer("noise", noise, persistent=False)

    def forward(self, x: Beliefs) -> Float[Tensor, " batch"]:
        mean, log_variance = x.unbind(1)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
        logits = self._decode[0](mean + (0.5 * log_variance).exp() * self.noise.to(x))
        y = self.y.to(x).expand_as(logits)
        unlikely = F.binary_cross_entropy_with_logits(logits, y, reduction="none").sum(2).mean(0)
        return divergence + unlikely

    def items(self, which: slice | Tensor) -> "Evidence":
        noise = self.noise[:, which] if self.noise.shape[1] > 1 else self.noise
        return Evidence(self._decode[0], self.y[which], noise)

    @classmethod
    def specimens(cls) -> list["Evidence"]:
        generator = torch.Generator().manual_seed(0)
        decode = nn.Linear(3, 7, dtype=torch.float64)
        with torch.no_grad():
            for p in decode.parameters():
                p.copy_(torch.randn(p.shape, dtype=p.dtype, generator=generator))
        y = (torch.rand(2, 7, generator=generator) < 0.5).double()
        return [cls(decode, y, torch.randn(4, items, 3, dtype=torch.float64, generator=generator)) for items in (1, 2)]

    def example(self, batch: int, generator: torch.Generator) -> Tensor:
        return torch.randn(batch, 2, self.noise.shape[2], dtype=torch.float64, generator=generator)


def prior_beliefs(items: int, latents: int) -> Beliefs:
    """q equal to the prior, N(0, 1)."""
    return torch.zeros(items, 2, latents)


def drawn_noise(samples: int, latents: int, seed: int, items: int = 1) -> Float[Tensor, "samples items latents"]:
    """eps of a seed."""
    return torch.randn(samples, items, latents, generator=torch.Generator().manual_seed(seed))
