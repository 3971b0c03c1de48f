"""A mixture at every pixel: each belongs to one of several groups, each of which explains the whole image."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minimand.term import Term

LEAST = 1e-6  # added to every probability, as the authors have it
Shares = Float[Tensor, "batch groups pixels"]  # q(pixel i belongs to group k), summing to 1 over the groups
Thetas = Float[Tensor, "batch groups numbers"]  # what is known of each group


class SpatialMixture(Term):
    """-log p(y | x) = -sum_i log sum_k 1/K p(y_i | psi_ki), psi_k = sigmoid(decode(x_k)), of binary images y.

    x: theta, one vector a group. y: from 0 to 1, (batch, pixels). decode: (..., numbers) -> (..., pixels); its numbers
    are not of this term. There is no closed M-step: EM takes a network. Source: Greff, van Steenkiste, Schmidhuber
    (2017), eqs. 1-3.
    """

    own_points = True
    y: Tensor

    def __init__(self, decode: nn.Module, y: Float[Tensor, "batch pixels"]):
        super().__init__()
        self._decode = (decode,)  # in a tuple, so that it is no part of this module
        self.register_buffer("y", y, persistent=False)

    def forward(self, x: Thetas) -> Float[Tensor, " batch"]:
        return -(self._likelihood(self.logits(x)).mean(1) + LEAST).log().sum(1)

    def logits(self, x: Thetas) -> Shares:
        """decode(x): the logits of what each group expects to see."""
        found: Tensor = self._decode[0](x)
        return found

    def expect(self, x: Thetas) -> Shares:
        """p(pixel i belongs to group k | y_i, x), eq. 2."""
        return self.shares(self.logits(x))

    def shares(self, logits: Shares) -> Shares:
        """The same of what the groups expect to see."""
        each = self._likelihood(logits) + LEAST
        return each / each.sum(1, keepdim=True)

    def items(self, which: slice | Tensor) -> "SpatialMixture":
        return SpatialMixture(self._decode[0], self.y[which])

    def _likelihood(self, logits: Shares) -> Shares:
        """p(y_i | psi_ki)."""
        p, y = torch.sigmoid(logits), self.y.unsqueeze(1)
        return y * p + (1 - y) * (1 - p)

    @classmethod
    def specimens(cls) -> list["SpatialMixture"]:
        generator = torch.Generator().manual_seed(0)
        decode = nn.Linear(4, 6, dtype=torch.float64)
        with torch.no_grad():
            for p in decode.parameters():
                p.copy_(torch.randn(p.shape, dtype=p.dtype, generator=generator))
        return [cls(decode, (torch.rand(2, 6, generator=generator) < 0.5).double())]

    def example(self, batch: int, generator: torch.Generator) -> Thetas:
        return torch.randn(batch, 3, 4, dtype=torch.float64, generator=generator)


def grouping_loss(logits: Shares, q: Shares, truth: Float[Tensor, "batch pixels"]) -> Float[Tensor, " batch"]:
    """sum_ik q_ik BCE(y_i, psi_ki) + (1 - q_ik) KL(0 || psi_ki): groups explain their own pixels and see nothing
    elsewhere.

    Source: Greff, van Steenkiste, Schmidhuber (2017), eq. 7, with the prior of binary images, which is 0.
    """
    own = F.binary_cross_entropy_with_logits(logits, truth.unsqueeze(1).expand_as(logits), reduction="none")
    return (q * own + (1 - q) * F.softplus(logits)).flatten(1).sum(1)
