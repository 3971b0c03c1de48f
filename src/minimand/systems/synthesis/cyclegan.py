"""CycleGAN between MR and CT, and what tells the structure-constrained one from its rivals.

    L = L_GAN(to_ct, judge_ct) + L_GAN(to_mr, judge_mr) + 10 L_cycle + lambda L_structure

Source: Zhu et al. (2017), eq. (3) with least squares for L_GAN as in its sec. 4; Yang et al. (2018), eq. (7).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minimand.systems.synthesis.mind import structure_loss
from minimand.systems.synthesis.networks import Discriminator, Generator, Image
from minimand.systems.synthesis.selection import Pick, any_slice, matching_slice, same_position

NETWORK = "mr-ct"  # as cards name it
CYCLE, STRUCTURE = 10.0, 60.0  # weights of the losses; lambda_2 is 5 in the paper; docs/decisions.md, 39

Scalar = Float[Tensor, ""]


class Method(NamedTuple):
    """What differs between methods: the weight of L_structure, and which CT slice an MR slice meets."""

    structure: float
    pick: Pick


METHODS: Mapping[str, Method] = {
    "cycle": Method(0.0, any_slice),
    "structure": Method(STRUCTURE, same_position),
    "paired": Method(0.0, matching_slice),
    "cycle-position": Method(0.0, same_position),  # ablations
    "structure-random": Method(STRUCTURE, any_slice),
}


class CycleGAN(nn.Module):
    """Two generators, MR to CT and back, and a judge of each kind of image.

    width: channels of all four at full size; blocks: of the generators; structure: weight of the structure loss.
    """

    def __init__(self, width: int = 8, blocks: int = 4, *, structure: float = 0.0):
        super().__init__()
        self.structure = structure
        self.to_ct, self.to_mr = Generator(width, blocks), Generator(width, blocks)
        self.judge_ct, self.judge_mr = Discriminator(width), Discriminator(width)

    def generators(self) -> Iterator[nn.Parameter]:
        """What `generator_loss` teaches."""
        yield from self.to_ct.parameters()
        yield from self.to_mr.parameters()

    def judges(self) -> Iterator[nn.Parameter]:
        """What `judge_losses` teach."""
        yield from self.judge_ct.parameters()
        yield from self.judge_mr.parameters()

    def generator_loss(self, mr: Image, ct: Image) -> tuple[Scalar, Image, Image]:
        """L for the generators, and the (MR, CT) made of slices that need not belong together."""
        made_ct, made_mr = self.to_ct(mr), self.to_mr(ct)
        L_gan = (self.judge_ct(made_ct) - 1).square().mean() + (self.judge_mr(made_mr) - 1).square().mean()
        L_cycle = (self.to_mr(made_ct) - mr).abs().mean() + (self.to_ct(made_mr) - ct).abs().mean()
        loss = L_gan + CYCLE * L_cycle
        if self.structure:
            L_structure = structure_loss(made_ct[:, 0], mr[:, 0]) + structure_loss(made_mr[:, 0], ct[:, 0])
            loss = loss + self.structure * L_structure
        return loss, made_mr.detach(), made_ct.detach()

    def judge_losses(self, mr: Image, ct: Image, made_mr: Image, made_ct: Image) -> tuple[Scalar, Scalar]:
        """L_GAN for the judges of MR and of CT: real images are 1, made ones 0. An even guess has 1/4."""
        of_mr, of_ct = self.judge_mr(torch.cat([mr, made_mr])), self.judge_ct(torch.cat([ct, made_ct]))
        wanted = torch.ones_like(of_mr)
        wanted[len(mr) :] = 0
        return (of_mr - wanted).square().mean(), (of_ct - wanted).square().mean()
